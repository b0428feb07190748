//! The scripts: constant text, with keys and arguments apart. Each is one step for everyone who looks on.

use std::sync::LazyLock;

use ::redis::Cmd;

use super::keys::Names;
use crate::{
    stored::codec::order::{FORMAT, ORDER_AT, ORDER_END},
    util::digest::Digest,
};

/// A script, called by its digest as long as the server knows it.
#[derive(Debug)]
pub(super) struct Script {
    text: String,
    digest: String,
}

/// Gives the records of the clock and of the epochs, and makes those that are missing: at the clock as it stands, so
/// that what is stored from now on is usable, and nothing that was stored before comes back.
/// KEYS: clock, epochs. ARGV: a new incarnation, milliseconds that the clock and the epochs live.
pub(super) static READ: LazyLock<Script> = LazyLock::new(|| Script::new("", READ_TEXT));

/// Moves the clock on, then the epoch. KEYS: clock, holders, epoch (none for all). ARGV: as above, and what to do:
/// `invalidate`, `expire`, or `forget`, which begins a new incarnation; the incarnation, and the set of holders, that the caller
/// has known for as long as a lease is, or nothing; a name for a new set; the channel. Gives the clock's record, the time that the
/// epoch had before, and what leases there are: 0, if some of an earlier incarnation may run; 1, if none does; 2, if there is a set
/// of holders: then its name, whether it is mature, whether they were told, how long their leases are, and each with the number
/// of its last renewal. It is done also where memory is short: it frees some.
pub(super) static ADVANCE: LazyLock<Script> =
    LazyLock::new(|| Script::new("#!lua flags=allow-oom\n", &[HOLDERS_TEXT, ADVANCE_TEXT].concat()));

/// Renews a lease. KEYS: clock, holders. ARGV: as for `READ`, then the holder, the number of the renewal, the set of holders that
/// it has known for as long as a lease is, a name for a new one, in which digits incarnations end that began in this life of the
/// server (or nothing), and how long the lease is. Gives the clock's record and the set's name; nothing, where the incarnation is one of
/// another life.
pub(super) static RENEW: LazyLock<Script> = LazyLock::new(|| Script::new("#!lua flags=allow-oom\n", &[HOLDERS_TEXT, RENEW_TEXT].concat()));

/// Strikes off those who have not renewed since. KEYS: holders. ARGV: as for `READ`, then each with the number of its last renewal.
pub(super) static STRIKE: LazyLock<Script> = LazyLock::new(|| Script::alone(format!("#!lua flags=allow-oom\n{STRIKE_TEXT}")));

/// Begins a new incarnation, unless there is none or it ends in the given digits. KEYS: clock. ARGV: as above, and the
/// digits. Says whether it did.
pub(super) static BEGIN: LazyLock<Script> = LazyLock::new(|| Script::new("#!lua flags=allow-oom\n", BEGIN_TEXT));

/// Stores, unless what lies there is of a run that began later: see `Order`. KEYS: clock, epochs, and the response. ARGV: its
/// bytes, milliseconds that it lives, and that the clock and the epochs do at least; 1, where something newer stays. Says whether
/// it was stored.
pub(super) static PUT: LazyLock<Script> = LazyLock::new(|| Script::alone(put_text()));

/// Compared are what stands before the checksum, the incarnation in front included, and the numbers of the order, which are
/// little-endian. A string of Lua is compared by the rules of a language, so bytes are.
fn put_text() -> String {
    let numbers = IN_FRONT + ORDER_AT;
    let (incarnation, clock, began, end) = (numbers + 1, numbers + 9, numbers + 17, IN_FRONT + ORDER_END);
    let (front, digest, digest_end) = (IN_FRONT + FORMAT, IN_FRONT + ORDER_AT - 2 - Digest::LENGTH + 1, IN_FRONT + ORDER_AT - 2);
    format!(
        r"
local key, new = KEYS[#KEYS], ARGV[1]
local old = ARGV[5] == '1' and redis.pcall('GETRANGE', key, 0, {end} - 1)
local function same(from, to) return string.sub(old, from, to) == string.sub(new, from, to) end
local function later(from)
  for at = from + 7, from, -1 do
    local was, is = string.byte(old, at), string.byte(new, at)
    if was ~= is then return was > is end
  end
end
if type(old) == 'string' and #old == {end} and #new >= {end}
  and same(1, {front}) and same({digest}, {digest_end}) and same({incarnation}, {incarnation} + 7) then
  local is_later = later({clock})
  if is_later == nil then is_later = later({began}) end
  if is_later then return 0 end
end
redis.call('SET', key, new, 'PX', ARGV[2])
for at = 1, #KEYS - 1 do
  redis.call('PEXPIRE', KEYS[at], at == 1 and ARGV[3] or ARGV[4], 'GT')
end
return 1
"
    )
}

/// The incarnation.
const IN_FRONT: usize = 8;

const COMMON: &str = r"
local function seal(key, text)
  local sum = 7
  local sealed = key .. text
  for at = 1, #sealed do
    sum = (sum * 31 + string.byte(sealed, at)) % 2147483647
  end
  return text .. '#' .. string.format('%.0f', sum)
end

-- The text under a key, if it is whole. Anything else, of any type, counts as missing.
local function get(key)
  local found = redis.pcall('GET', key)
  if type(found) ~= 'string' then return nil end
  local text = string.match(found, '^([%d:]+)#%d+$')
  if text and seal(key, text) == found then return text end
end

-- Never shortens the time that a key has left.
local function set(key, text, lives)
  local record = seal(key, text)
  redis.call('SET', key, record, 'PX', math.max(redis.call('PTTL', key), lives))
  return record
end

local function number(n) return string.format('%.0f', n) end

local function micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local clock_lives, epoch_lives = tonumber(ARGV[2]), tonumber(ARGV[3])

-- incarnation, clock, invalidated, expired, leases. The last are the zeros that stand in front: two, if leases were given in this
-- incarnation; one, if none was, and none of an earlier one runs any more; none, if one may.
local function clock_of(key)
  local text = get(key)
  if not text then return nil end
  local leases, incarnation, clock, invalidated, expired = string.match(text, '^(0*)(%d+):(%d+):(%d+):(%d+)$')
  -- Past 2^53 numbers are not exact, and the clock would stand still.
  if incarnation and tonumber(clock) < 9e15 then
    return incarnation, tonumber(clock), tonumber(invalidated), tonumber(expired), leases
  end
end
";

const HOLDERS_TEXT: &str = r"
-- Those who hold a lease: the name of their set, and whether it is mature: whether all leases that run are of this set. One that
-- is missing, or of another incarnation, is begun, and is not mature: others may hold leases that were in the one before.
local function set_of_holders(key, incarnation, known, new)
  local found = redis.pcall('HMGET', key, 'i', 'n', 'm')
  if found.err or found[1] ~= incarnation or not found[2] then
    redis.call('DEL', key)
    redis.call('HSET', key, 'i', incarnation, 'n', new)
    found = {incarnation, new, false}
  elseif not found[3] and found[2] == known then
    redis.call('HSET', key, 'm', '1')
    found[3] = '1'
  end
  redis.call('PEXPIRE', key, clock_lives)
  return found[2], found[3]
end
";

const READ_TEXT: &str = r"
local incarnation, clock = clock_of(KEYS[1])
local records = {}
if incarnation then
  records[1] = redis.call('GET', KEYS[1])
else
  incarnation, clock = ARGV[1], micros()
  local now = number(clock)
  records[1] = set(KEYS[1], incarnation .. ':' .. now .. ':' .. now .. ':' .. now, clock_lives)
end
for at = 2, #KEYS do
  local text = get(KEYS[at])
  if text and string.match(text, '^(%d+):%d+:%d+$') == incarnation then
    records[at] = redis.call('GET', KEYS[at])
  else
    records[at] = set(KEYS[at], incarnation .. ':' .. number(clock) .. ':' .. number(clock), epoch_lives)
  end
end
return records
";

const ADVANCE_TEXT: &str = r"
local incarnation, before, all_invalidated, all_expired, leases = clock_of(KEYS[1])
local clock = micros()
if incarnation then clock = math.max(before + 1, clock) end
if not incarnation or ARGV[4] == 'forget' then
  leases = leases == '0' and '0' or ''
  incarnation, before, all_invalidated, all_expired = ARGV[1], clock, clock, clock
elseif leases == '' and incarnation == ARGV[5] then
  leases = '0'
end
local expired = number(before)
if KEYS[3] then
  local of, invalidated
  local text = get(KEYS[3])
  if text then of, invalidated, expired = string.match(text, '^(%d+):(%d+):(%d+)$') end
  -- A missing one may have been later than anything but the clock.
  if of ~= incarnation then invalidated, expired = number(before), number(before) end
  if ARGV[4] == 'invalidate' then invalidated = number(clock) end
  set(KEYS[3], incarnation .. ':' .. invalidated .. ':' .. number(clock), epoch_lives)
elseif ARGV[4] ~= 'forget' then
  all_expired = clock
  if ARGV[4] == 'invalidate' then all_invalidated = clock end
end
local text = incarnation .. ':' .. number(clock) .. ':' .. number(all_invalidated) .. ':' .. number(all_expired)
local answer = {set(KEYS[1], leases .. text, clock_lives), expired, #leases}
if leases ~= '00' then return answer end
local name, is_mature = set_of_holders(KEYS[2], incarnation, ARGV[6], ARGV[7])
local fields, length, holders = redis.call('HGETALL', KEYS[2]), '0', {}
for at = 1, #fields, 2 do
  local holder = string.match(fields[at], '^h:(%d+)$')
  if holder then
    holders[#holders + 1] = holder
    holders[#holders + 1] = fields[at + 1]
  elseif fields[at] == 'l' then
    length = fields[at + 1]
  end
end
local is_told = 0
if #holders > 0 then
  local mark = KEYS[3] and string.sub(KEYS[3], #KEYS[1] + 2) or ''
  local message = table.concat({'1', incarnation, number(before), number(clock), ARGV[4], mark}, ' ')
  -- Who may not publish invalidates all the same, and waits.
  if type(redis.pcall('SPUBLISH', ARGV[8], message)) == 'number' then is_told = 1 end
end
answer[4], answer[5], answer[6], answer[7] = name, is_mature and 1 or 0, is_told, length
for at = 1, #holders do answer[7 + at] = holders[at] end
return answer
";

const RENEW_TEXT: &str = r"
local incarnation, clock, invalidated, expired, leases = clock_of(KEYS[1])
if not incarnation then
  incarnation, clock, leases = ARGV[1], micros(), ''
  invalidated, expired = clock, clock
end
if ARGV[8] ~= '' and string.sub(incarnation, -#ARGV[8]) ~= ARGV[8] then return false end
local record
if leases == '00' then
  record = redis.call('GET', KEYS[1])
else
  local text = incarnation .. ':' .. number(clock) .. ':' .. number(invalidated) .. ':' .. number(expired)
  record = set(KEYS[1], '00' .. text, clock_lives)
end
local name = set_of_holders(KEYS[2], incarnation, ARGV[6], ARGV[7])
redis.call('HSET', KEYS[2], 'h:' .. ARGV[4], ARGV[5])
if tonumber(redis.call('HGET', KEYS[2], 'l') or 0) < tonumber(ARGV[9]) then redis.call('HSET', KEYS[2], 'l', ARGV[9]) end
return {record, name}
";

const STRIKE_TEXT: &str = r"
for at = 4, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], 'h:' .. ARGV[at]) == ARGV[at + 1] then
    redis.call('HDEL', KEYS[1], 'h:' .. ARGV[at])
  end
end
return 1
";

const BEGIN_TEXT: &str = r"
local incarnation, clock = clock_of(KEYS[1])
if not incarnation or string.sub(incarnation, -#ARGV[4]) == ARGV[4] then return 0 end
local now = number(math.max(clock + 1, micros()))
set(KEYS[1], ARGV[1] .. ':' .. now .. ':' .. now .. ':' .. now, clock_lives)
return 1
";

impl Script {
    fn new(flags: &str, text: &str) -> Self {
        Self::alone(format!("{flags}{COMMON}{text}"))
    }

    fn alone(text: String) -> Self {
        let digest = ::redis::Script::new(&text).get_hash().to_owned();
        Self { text, digest }
    }

    /// By its digest; or, where the server does not know it, by its text, which it remembers.
    pub(super) fn call(&self, by_digest: bool, keys: &Names) -> Cmd {
        let mut command = if by_digest { ::redis::cmd("EVALSHA") } else { ::redis::cmd("EVAL") };
        command.arg(if by_digest { &self.digest } else { &self.text });
        command.arg(keys.iter().len());
        for key in keys.iter() {
            command.arg(key);
        }
        command
    }
}
