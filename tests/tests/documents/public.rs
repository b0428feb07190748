//! The public items: a list that grows only with a line in the CHANGELOG. `.ci/public` compares it with what rustdoc lists.

#[test]
fn every_public_item_is_in_the_changelog() {
    let (items, changelog) = (include_str!("../../public.txt"), include_str!("../../../CHANGELOG.md"));
    let names: Vec<_> = items.lines().filter_map(|line| line.split_once(" (").map(|(name, _)| name)).collect();
    assert!(names.len() > 40, "{names:?}");
    let is_there = |name: &&&str| changelog.contains(&format!("`{name}`")) || changelog.contains(&format!("`#[{name}]`"));
    let missing: Vec<_> = names.iter().filter(|name| !name.contains("::")).filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "not in CHANGELOG.md: {missing:?}");
}
