//! Whether the fields of two answers agree.

use super::{ADDED, CODED, LEAST_CODED, Reply};

pub(super) fn agree(method: &str, live: &Reply, bare: &Reply) -> Result<(), String> {
    if live.status != bare.status {
        return Err(format!("{} in the place of {}", live.status, bare.status));
    }
    if live.content != bare.content {
        let [live, bare] = [live, bare].map(|reply| String::from_utf8_lossy(&reply.content[..reply.content.len().min(80)]).into_owned());
        return Err(format!("{live:?} in the place of {bare:?}"));
    }
    // A server writes the length of a body that says it, where the field is not there.
    let said = live.field("content-length");
    let (is_right, got) = match &bare.got {
        Some(got) => (said == Some(&got.sent.len().to_string()) || said == bare.field("content-length"), got.sent.len()),
        None => (method == "HEAD" || said == Some(&live.sent.len().to_string()), live.sent.len()),
    };
    if said.is_some() && !is_right {
        return Err(format!("`content-length: {said:?}` for {got} bytes"));
    }
    fields_agree(live, bare, &["content-length"])
}

pub(super) fn fields_agree(live: &Reply, bare: &Reply, may_differ: &[&str]) -> Result<(), String> {
    // Of what streams the layer of compression does not know how short it is; of what is stored it does, and leaves it alone.
    let length = bare.got.as_deref().unwrap_or(bare).content.len();
    let is_short = bare.may_be_coded() && length < LEAST_CODED && !live.may_be_coded();
    for name in bare.fields.keys().filter(|name| !may_differ.contains(&name.as_str())) {
        let (found, said) = (live.lines(name.as_str()), bare.lines(name.as_str()));
        let is_right = match name.as_str() {
            "vary" => members(&said).iter().all(|member| is_short && member == CODED || members(&found).contains(member)),
            "content-encoding" if is_short && said == [&b"gzip"[..]] => found.is_empty(),
            name => found == said || is_made_private(name, &found),
        };
        if !is_right {
            let shown = |lines: &[&[u8]]| lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>();
            return Err(format!("`{name}`: {:?} in the place of {:?}", shown(&found), shown(&said)));
        }
    }
    let mut more = live.fields.keys().map(axum::http::HeaderName::as_str);
    match more.find(|name| !bare.fields.contains_key(*name) && !ADDED.contains(name) && !may_differ.contains(name)) {
        Some(name) => Err(format!("`{name}` of which the handler knows nothing")),
        None => Ok(()),
    }
}

/// What clients are told of what is for one of them alone.
pub(super) fn is_made_private(name: &str, found: &[&[u8]]) -> bool {
    name == "cache-control" && found.len() == 1 && members(found).contains(&"private".to_owned())
}

pub(super) fn members(lines: &[&[u8]]) -> Vec<String> {
    let members = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    members.map(|member| String::from_utf8_lossy(member.trim_ascii()).to_ascii_lowercase()).collect()
}
