//! Makes the tests.

/// Of each law a test for each way in each place.
macro_rules! everywhere {
    (values too: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law attribute_in_memory Attribute Memory, attribute_in_files Attribute Files, attribute_in_redis Attribute Redis);
            everywhere!($law attribute_in_a_store_of_ones_own Attribute Own, attribute_in_a_store_with_epochs Attribute Shared);
            everywhere!($law layer_in_memory Layer Memory, layer_in_files Layer Files, layer_in_redis Layer Redis);
            everywhere!($law layer_in_a_store_of_ones_own Layer Own, layer_in_a_store_with_epochs Layer Shared);
            everywhere!($law values_in_memory Values Memory, values_in_files Values Files, values_in_redis Values Redis);
            everywhere!($law values_in_a_store_of_ones_own Values Own, values_in_a_store_with_epochs Values Shared);
        }
    )* };
    (requests: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law attribute_in_memory Attribute Memory, attribute_in_files Attribute Files, attribute_in_redis Attribute Redis);
            everywhere!($law attribute_in_a_store_of_ones_own Attribute Own, attribute_in_a_store_with_epochs Attribute Shared);
            everywhere!($law layer_in_memory Layer Memory, layer_in_files Layer Files, layer_in_redis Layer Redis);
            everywhere!($law layer_in_a_store_of_ones_own Layer Own, layer_in_a_store_with_epochs Layer Shared);
        }
    )* };
    (attribute: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law attribute_in_memory Attribute Memory, attribute_in_files Attribute Files, attribute_in_redis Attribute Redis);
            everywhere!($law attribute_in_a_store_of_ones_own Attribute Own, attribute_in_a_store_with_epochs Attribute Shared);
        }
    )* };
    (values: $($law:ident,)*) => { $(
        mod $law {
            use super::*;
            everywhere!($law values_in_memory Values Memory, values_in_files Values Files, values_in_redis Values Redis);
            everywhere!($law values_in_a_store_of_ones_own Values Own, values_in_a_store_with_epochs Values Shared);
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
