//! Reads the XML form of the anime-lists project: AniDB entries as parts of TheTVDB and TMDB series.
//!
//! <https://github.com/Anime-Lists/anime-lists#format> describes the form; this is what is made of it:
//! - `tvdbid` may be a word (`movie`, `OVA`, `hentai`, `unknown`, …): then there is no series, and nothing is wrong.
//! - `defaulttvdbseason="a"` means TheTVDB's absolute numbers.
//! - `;8-0;` says that an episode is nowhere; `1-1+2` and `10-2;10-3` send one to several, `2-2;3-2` several to one.
//! - A single episode in a `mapping` wins over its range, and a range over `defaulttvdbseason` with `episodeoffset`.
//! - Specials without a `mapping` are nowhere: equal numbers of specials mean nothing.
//! - `imdbid` and `tmdbid` that hold several ids join nothing.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{Id, Kind, Namespace, Scheme};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::{
    atlas::{Numbering, PartOf, Place, Ratio, RowRejection, Stretch},
    table::{Table, TableFault},
};

const NAME: &str = "anime-lists";
/// A range longer than this is a mistake.
const MAX_RANGE: u16 = 3000;

/// Reads a whole file.
pub fn read(text: &str, version: &str) -> Result<Table, TableFault> {
    let fault = |why: &dyn std::fmt::Display| TableFault { name: NAME.into(), why: why.to_string() };
    let mut reader = Reader::from_str(text);
    let mut table = Table::new(NAME, version);
    let mut anime: Option<Anime> = None;
    let mut mapping: Option<Mapping> = None;
    loop {
        match reader.read_event().map_err(|why| fault(&why))? {
            Event::Start(tag) if tag.name().0 == "anime" => anime = Some(Anime::of(&attributes(&tag))),
            Event::Empty(tag) if tag.name().0 == "anime" => Anime::of(&attributes(&tag)).chart(&mut table),
            Event::Start(tag) if tag.name().0 == "mapping" => mapping = Some(Mapping::of(attributes(&tag))),
            Event::Empty(tag) if tag.name().0 == "mapping" => {
                if let Some(anime) = &mut anime {
                    anime.mappings.push(Mapping::of(attributes(&tag)));
                }
            }
            Event::Text(text) => {
                if let Some(mapping) = &mut mapping {
                    mapping.pairs.push_str(&text.xml10_content());
                }
            }
            Event::End(tag) if tag.name().0 == "mapping" => {
                if let (Some(anime), Some(mapping)) = (&mut anime, mapping.take()) {
                    anime.mappings.push(mapping);
                }
            }
            Event::End(tag) if tag.name().0 == "anime" => {
                if let Some(anime) = anime.take() {
                    anime.chart(&mut table);
                }
            }
            Event::Eof if anime.is_some() => return Err(fault(&"it ends in the middle of an entry")),
            Event::Eof => return Ok(table),
            _ => {}
        }
    }
}

type Attributes = BTreeMap<String, String>;

fn attributes(tag: &BytesStart<'_>) -> Attributes {
    let readable = tag.attributes().filter_map(Result::ok);
    readable.map(|attribute| (attribute.key.0.to_owned(), attribute.value.trim().to_owned())).collect()
}

fn get<'a>(attributes: &'a Attributes, name: &str) -> &'a str {
    attributes.get(name).map(String::as_str).unwrap_or_default()
}

/// One `anime` element.
struct Anime {
    attributes: Attributes,
    mappings: Vec<Mapping>,
}

/// One `mapping` element.
struct Mapping {
    attributes: Attributes,
    pairs: String,
}

impl Mapping {
    fn of(attributes: Attributes) -> Self {
        Self { attributes, pairs: String::new() }
    }
}

/// One of the two services that the list maps to, with the names of its attributes.
struct Service {
    namespace: Namespace,
    scheme: Scheme,
    absolute: Option<Scheme>,
    series: &'static str,
    default_season: &'static str,
    default_offset: &'static str,
    season: &'static str,
}

const SERVICES: [Service; 2] = [
    Service {
        namespace: Namespace::Tvdb,
        scheme: Scheme::TvdbAired,
        absolute: Some(Scheme::TvdbAbsolute),
        series: "tvdbid",
        default_season: "defaulttvdbseason",
        default_offset: "episodeoffset",
        season: "tvdbseason",
    },
    Service {
        namespace: Namespace::Tmdb,
        scheme: Scheme::TmdbDefault,
        absolute: None,
        series: "tmdbtv",
        default_season: "tmdbseason",
        default_offset: "tmdboffset",
        season: "tmdbseason",
    },
];

impl Anime {
    fn of(attributes: &Attributes) -> Self {
        Self { attributes: attributes.clone(), mappings: Vec::new() }
    }

    fn chart(&self, table: &mut Table) {
        let own = get(&self.attributes, "anidbid");
        let Ok(entry) = Id::parse(Namespace::AniDb, Kind::Show, own) else {
            table.leave_out(RowRejection::BadId);
            return;
        };
        if let Ok(film) = Id::parse(Namespace::AniDb, Kind::Movie, own) {
            self.chart_film(film, table);
        }
        for service in &SERVICES {
            let series = get(&self.attributes, service.series);
            let is_number = !series.is_empty() && series.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number {
                continue;
            }
            match Id::parse(service.namespace, Kind::Show, series) {
                Ok(show) => Chart { entry, show, service, table }.draw(self),
                Err(_) => table.leave_out(RowRejection::BadId),
            }
        }
    }

    fn chart_film(&self, film: Id, table: &mut Table) {
        for (name, namespace) in [("imdbid", Namespace::Imdb), ("tmdbid", Namespace::Tmdb)] {
            let value = get(&self.attributes, name);
            if value.is_empty() || value.eq_ignore_ascii_case("unknown") {
                continue;
            }
            match Id::parse(namespace, Kind::Movie, value) {
                Ok(id) => {
                    table.same.insert((film.min(id), film.max(id)));
                }
                Err(_) if value.contains(',') => table.leave_out(RowRejection::Malformed),
                Err(_) => table.leave_out(RowRejection::BadId),
            }
        }
    }
}

/// An entry beside one series.
struct Chart<'a> {
    entry: Id,
    show: Id,
    service: &'a Service,
    table: &'a mut Table,
}

/// Of each entry season, the numbers that something stronger speaks of.
type Taken = BTreeSet<(u16, u16)>;

impl Chart<'_> {
    fn draw(&mut self, anime: &Anime) {
        let mut taken = Taken::new();
        let own = |mapping: &&Mapping| mapping.attributes.contains_key(self.service.season);
        let mappings: Vec<&Mapping> = anime.mappings.iter().filter(own).collect();
        for mapping in &mappings {
            self.draw_pairs(mapping, &mut taken);
        }
        let mut in_ranges = Taken::new();
        for mapping in &mappings {
            self.draw_range(mapping, &taken, &mut in_ranges);
        }
        taken.extend(in_ranges);
        self.draw_default(&anime.attributes, &taken);
    }

    /// `;1-5;2-0;3-6+7;`
    fn draw_pairs(&mut self, mapping: &Mapping, taken: &mut Taken) {
        let pairs: Vec<&str> = mapping.pairs.split(';').map(str::trim).filter(|pair| !pair.is_empty()).collect();
        let Some((from, to)) = self.seasons(mapping).filter(|_| !pairs.is_empty()) else { return };
        for pair in pairs {
            let Some((number, targets)) = self.table.keep(read_pair(pair)) else { continue };
            taken.insert((from, number));
            for target in targets {
                let entry = self.entry_stretch(from, number, Some(number));
                let show = (target > 0).then(|| self.show_stretch(self.service.scheme, to, target, Some(target)));
                self.table.add(PartOf { entry, show, of: self.numbering(self.service.scheme), ratio: Ratio::Even });
            }
        }
    }

    fn draw_range(&mut self, mapping: &Mapping, taken: &Taken, in_ranges: &mut Taken) {
        let (start, end) = (get(&mapping.attributes, "start"), get(&mapping.attributes, "end"));
        let offset = get(&mapping.attributes, "offset");
        if start.is_empty() && end.is_empty() && offset.is_empty() {
            return;
        }
        let Some((from, to)) = self.seasons(mapping) else { return };
        let read = || -> Result<(u16, u16, i32), RowRejection> {
            Ok((number_or(start, 1)?, number_or(end, 0)?, offset_or_none(offset)?))
        };
        let Some((start, end, offset)) = self.table.keep(read()) else { return };
        let last = (end > 0).then_some(end);
        if last.is_some_and(|last| last < start || last - start > MAX_RANGE) {
            self.table.leave_out(RowRejection::EmptyRange);
            return;
        }
        for (first, last) in around(start, last, &numbers_of(taken, from)) {
            self.draw_stretch((from, first, last), (self.service.scheme, to), offset);
        }
        in_ranges.extend((start..=last.unwrap_or(MAX_RANGE)).map(|number| (from, number)));
    }

    fn draw_default(&mut self, attributes: &Attributes, taken: &Taken) {
        let season = get(attributes, self.service.default_season);
        let to = match (season, self.service.absolute) {
            ("", _) | ("a", None) => return,
            ("a", Some(absolute)) => Some((absolute, 1)),
            (season, _) => season.parse().ok().map(|season| (self.service.scheme, season)),
        };
        let offset = self.table.keep(offset_or_none(get(attributes, self.service.default_offset)));
        let (Some(to), Some(offset)) = (to, offset) else {
            self.table.leave_out(RowRejection::Malformed);
            return;
        };
        // What a mapping says is about aired seasons, so it leaves the absolute numbers alone.
        let taken = if to.0 == self.service.scheme { numbers_of(taken, 1) } else { BTreeSet::new() };
        for (first, last) in around(1, None, &taken) {
            self.draw_stretch((1, first, last), to, offset);
        }
    }

    /// Episodes of one season of the entry, shifted.
    fn draw_stretch(&mut self, (from, first, last): (u16, u16, Option<u16>), to: (Scheme, u16), offset: i32) {
        let shifted = |number: u16| u16::try_from(i32::from(number) + offset).ok().filter(|number| *number > 0);
        let (Some(target), Some(target_last)) =
            (shifted(first), last.map_or(Some(None), |last| shifted(last).map(Some)))
        else {
            self.table.leave_out(RowRejection::Malformed);
            return;
        };
        let entry = self.entry_stretch(from, first, last);
        let show = Some(self.show_stretch(to.0, to.1, target, target_last));
        self.table.add(PartOf { entry, show, of: self.numbering(to.0), ratio: Ratio::Even });
    }

    fn seasons(&mut self, mapping: &Mapping) -> Option<(u16, u16)> {
        let season = |name| get(&mapping.attributes, name).parse::<u16>().map_err(|_| RowRejection::Malformed);
        self.table.keep(season("anidbseason").and_then(|from| Ok((from, season(self.service.season)?))))
    }

    fn numbering(&self, scheme: Scheme) -> Numbering {
        (self.service.namespace, scheme)
    }

    fn entry_stretch(&self, season: u16, number: u16, last: Option<u16>) -> Stretch {
        Stretch { start: Place { show: self.entry, scheme: Scheme::AniDb, season, number }, last }
    }

    fn show_stretch(&self, scheme: Scheme, season: u16, number: u16, last: Option<u16>) -> Stretch {
        Stretch { start: Place { show: self.show, scheme, season, number }, last }
    }
}

fn read_pair(pair: &str) -> Result<(u16, Vec<u16>), RowRejection> {
    let (number, targets) = pair.split_once('-').ok_or(RowRejection::Malformed)?;
    let read = |text: &str| text.trim().parse::<u16>().map_err(|_| RowRejection::Malformed);
    Ok((read(number)?, targets.split('+').map(read).collect::<Result<_, _>>()?))
}

fn number_or(text: &str, missing: u16) -> Result<u16, RowRejection> {
    if text.is_empty() { Ok(missing) } else { text.parse().map_err(|_| RowRejection::Malformed) }
}

fn offset_or_none(text: &str) -> Result<i32, RowRejection> {
    let offset: i32 = if text.is_empty() { 0 } else { text.parse().map_err(|_| RowRejection::Malformed)? };
    if offset.unsigned_abs() > u32::from(u16::MAX) { Err(RowRejection::Malformed) } else { Ok(offset) }
}

fn numbers_of(taken: &Taken, season: u16) -> BTreeSet<u16> {
    taken.range((season, 0)..=(season, u16::MAX)).map(|(_, number)| *number).collect()
}

/// The stretches of `first..=last` that leave out the taken numbers.
fn around(first: u16, last: Option<u16>, taken: &BTreeSet<u16>) -> Vec<(u16, Option<u16>)> {
    let mut stretches = Vec::new();
    let mut start = first;
    for number in taken.range(first..=last.unwrap_or(u16::MAX)) {
        if *number > start {
            stretches.push((start, Some(number - 1)));
        }
        let Some(next) = number.checked_add(1) else { return stretches };
        start = next;
    }
    if last.is_none_or(|last| start <= last) {
        stretches.push((start, last));
    }
    stretches
}
