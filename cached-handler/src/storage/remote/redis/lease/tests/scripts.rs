//! The scripts on a real Redis, and the model of them that is explored: the same calls, the same answers.

use ::redis::{Value, aio::MultiplexedConnection};

use super::{server::Server, together::redis_server::RedisServer, world::Mistake};
use crate::{
    epoch::target::Mark,
    storage::remote::redis::{
        keys::{Keys, Names},
        lease::{Holders, Renewal},
        record,
        script::{ADVANCE, BEGIN, RENEW, STRIKE, Script},
    },
    util::random::random,
};

const LENGTH: u64 = 500_000;

async fn call(connection: &mut MultiplexedConnection, script: &Script, keys: &Names, words: &[String]) -> Value {
    let mut command = script.call(false, keys);
    command.arg(words);
    connection.send_packed_command(&command).await.and_then(Value::extract_error).unwrap()
}

/// The words that come first: the number of an incarnation that begins with this call, and how long things live.
fn words(incarnation: u64, more: &[String]) -> Vec<String> {
    [incarnation.to_string(), "100000".to_owned(), "100000".to_owned()].into_iter().chain(more.iter().cloned()).collect()
}

fn text(number: Option<u64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// What both know, of which the one counts its clock otherwise.
struct Both {
    connection: MultiplexedConnection,
    keys: Keys,
    model: Server,
    numbers: [u64; 3],
}

impl Both {
    /// Both begin in an incarnation in which no lease was given, and none of an earlier one runs.
    async fn begin(server: &RedisServer) -> Self {
        let (keys, model) = (Keys::new("model").unwrap(), Server::new());
        let mut both = Self { connection: server.connect().await, keys, model, numbers: [0; 3] };
        let known = [both.model.stamp.incarnation.to_string(), String::new(), "0".to_owned(), "none".to_owned()];
        for known in [&[String::new(), String::new(), "0".to_owned(), "none".to_owned()], &known] {
            let more: Vec<_> = std::iter::once("expire".to_owned()).chain(known.iter().cloned()).collect();
            let keys = both.keys.clock_and_holders();
            call(&mut both.connection, &ADVANCE, &keys, &words(both.model.stamp.incarnation, &more)).await;
        }
        both
    }

    async fn renew(&mut self, holder: u64, is_old: bool) {
        self.numbers[usize::try_from(holder).unwrap()] += 1;
        let number = self.numbers[usize::try_from(holder).unwrap()];
        let known = self.model.nonce().filter(|_| is_old);
        let more = [holder, number].map(|word| word.to_string()).into_iter().chain([
            text(known),
            self.model.next_name().to_string(),
            String::new(),
            LENGTH.to_string(),
        ]);
        let keys = self.keys.clock_and_holders();
        let answer = call(&mut self.connection, &RENEW, &keys, &words(0, &more.collect::<Vec<_>>())).await;
        let expected = self.model.renew(Renewal { holder, number }, known, LENGTH, Mistake::None);
        let (stamp, nonce) = record::renewed(self.keys.namespace(), &answer).unwrap();
        assert_eq!((stamp.incarnation, nonce), (expected.stamp.incarnation, expected.nonce));
    }

    /// Gives whom it would wait for.
    async fn advance(&mut self, (is_old, has_old_set): (bool, bool)) -> Vec<Renewal> {
        let known = (Some(self.model.stamp.incarnation).filter(|_| is_old), self.model.nonce().filter(|_| has_old_set));
        let more = ["invalidate".to_owned(), text(known.0), text(known.1), self.model.next_name().to_string(), "ch:{model}:c:0".to_owned()];
        let keys = self.keys.clock_and_mark(Mark::Group("a"), 0);
        let answer = call(&mut self.connection, &ADVANCE, &keys, &words(0, &more)).await;
        let (expected, _) = self.model.advance(known, Mistake::None);
        let (_, advanced) = record::advanced(self.keys.namespace(), &answer).unwrap();
        assert_eq!(advanced.stamp.incarnation, expected.stamp.incarnation);
        let sorted = |holders: Holders| match holders {
            Holders::Set { nonce, is_mature, is_told, length, mut holders } => {
                holders.sort_unstable_by_key(|renewal| renewal.holder);
                Holders::Set { nonce, is_mature, is_told, length, holders }
            }
            never @ Holders::Never { .. } => never,
        };
        assert_eq!(sorted(advanced.holders.clone()), sorted(expected.holders));
        if let Holders::Set { holders, .. } = advanced.holders { holders } else { Vec::new() }
    }

    async fn strike(&mut self, renewal: Renewal) {
        let more = [renewal.holder, renewal.number].map(|word| word.to_string());
        call(&mut self.connection, &STRIKE, &self.keys.holders(), &words(0, &more)).await;
        self.model.strike(renewal, Mistake::None);
    }
}

#[tokio::test]
async fn the_scripts_answer_what_the_model_answers() {
    let server = RedisServer::start();
    let mut both = Both::begin(&server).await;
    let mut latest = Vec::new();
    let mut given = 0;
    for _ in 0..2000 {
        let chance = random();
        let holder = chance >> 8 & 3;
        match chance & 0xf {
            0..=3 if holder < 3 => both.renew(holder, chance >> 16 & 1 == 1).await,
            4..=7 => latest = both.advance((chance >> 16 & 1 == 1, chance >> 17 & 1 == 1)).await,
            8..=12 if !latest.is_empty() => both.strike(latest[usize::try_from(holder).unwrap() % latest.len()]).await,
            13 => {
                server.say("DEL ch:{model}:l").await;
                both.model.lose_the_set();
            }
            14 if (chance >> 20).is_multiple_of(8) => {
                // As whoever connects after a restart does.
                both.model.restart();
                let incarnation = both.model.stamp.incarnation;
                call(&mut both.connection, &BEGIN, &both.keys.clock(), &words(incarnation, &["000".to_owned()])).await;
            }
            _ => {}
        }
        given += latest.len();
    }
    assert!(given > 100, "{given}");
}
