//! Makes the tests.

/// Of each law a test for each way in each place.
macro_rules! everywhere {
    (values too: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law attribute_in_memory Attribute Memory, attribute_in_files Attribute Files, attribute_in_redis Attribute Redis);
            everywhere!($law attribute_in_a_store_of_ones_own Attribute Own, attribute_in_a_store_with_epochs Attribute Shared);
            everywhere!($law attribute_in_memory_and_files Attribute NearFiles, attribute_in_memory_and_redis Attribute NearRedis);
            everywhere!($law attribute_in_memory_and_a_store Attribute NearOwn, attribute_in_memory_and_a_store_with_epochs Attribute NearShared);
            everywhere!($law layer_in_memory Layer Memory, layer_in_files Layer Files, layer_in_redis Layer Redis);
            everywhere!($law layer_in_a_store_of_ones_own Layer Own, layer_in_a_store_with_epochs Layer Shared);
            everywhere!($law layer_in_memory_and_files Layer NearFiles, layer_in_memory_and_redis Layer NearRedis);
            everywhere!($law layer_in_memory_and_a_store Layer NearOwn, layer_in_memory_and_a_store_with_epochs Layer NearShared);
            everywhere!($law values_in_memory Values Memory, values_in_files Values Files, values_in_redis Values Redis);
            everywhere!($law values_in_a_store_of_ones_own Values Own, values_in_a_store_with_epochs Values Shared);
            everywhere!($law values_in_memory_and_files Values NearFiles, values_in_memory_and_redis Values NearRedis);
            everywhere!($law values_in_memory_and_a_store Values NearOwn, values_in_memory_and_a_store_with_epochs Values NearShared);
        }
    )* };
    (requests: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law attribute_in_memory Attribute Memory, attribute_in_files Attribute Files, attribute_in_redis Attribute Redis);
            everywhere!($law attribute_in_a_store_of_ones_own Attribute Own, attribute_in_a_store_with_epochs Attribute Shared);
            everywhere!($law attribute_in_memory_and_files Attribute NearFiles, attribute_in_memory_and_redis Attribute NearRedis);
            everywhere!($law attribute_in_memory_and_a_store Attribute NearOwn, attribute_in_memory_and_a_store_with_epochs Attribute NearShared);
            everywhere!($law layer_in_memory Layer Memory, layer_in_files Layer Files, layer_in_redis Layer Redis);
            everywhere!($law layer_in_a_store_of_ones_own Layer Own, layer_in_a_store_with_epochs Layer Shared);
            everywhere!($law layer_in_memory_and_files Layer NearFiles, layer_in_memory_and_redis Layer NearRedis);
            everywhere!($law layer_in_memory_and_a_store Layer NearOwn, layer_in_memory_and_a_store_with_epochs Layer NearShared);
        }
    )* };
    (attribute: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law attribute_in_memory Attribute Memory, attribute_in_files Attribute Files, attribute_in_redis Attribute Redis);
            everywhere!($law attribute_in_a_store_of_ones_own Attribute Own, attribute_in_a_store_with_epochs Attribute Shared);
            everywhere!($law attribute_in_memory_and_files Attribute NearFiles, attribute_in_memory_and_redis Attribute NearRedis);
            everywhere!($law attribute_in_memory_and_a_store Attribute NearOwn, attribute_in_memory_and_a_store_with_epochs Attribute NearShared);
        }
    )* };
    (values: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law values_in_memory Values Memory, values_in_files Values Files, values_in_redis Values Redis);
            everywhere!($law values_in_a_store_of_ones_own Values Own, values_in_a_store_with_epochs Values Shared);
            everywhere!($law values_in_memory_and_files Values NearFiles, values_in_memory_and_redis Values NearRedis);
            everywhere!($law values_in_memory_and_a_store Values NearOwn, values_in_memory_and_a_store_with_epochs Values NearShared);
        }
    )* };
    (sick requests: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law sick attribute Attribute, layer Layer);
        }
    )* };
    (sick: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law sick attribute Attribute, layer Layer, values Values);
        }
    )* };
    ($law:ident sick $($test:ident $way:ident),*) => { $(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            super::$law(Way::$way).await;
        }
    )* };
    ($law:ident $($test:ident $way:ident $place:ident),*) => { $(
        #[tokio::test]
        async fn $test() {
            super::$law(Site::new(Way::$way, Place::$place).await).await;
        }
    )* };
}
