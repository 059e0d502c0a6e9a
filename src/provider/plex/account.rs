//! Who we are: the server, the user, the token that this server takes from the user, and the libraries that count.

use crosswatch_port::Fault;
use secrecy::SecretString;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::{
    connection::Connection,
    wire::{Home, Identity, List, WirePin, WireResource, WireSection, WireUser},
};
use crate::{http::Answer, library::Library, loose::Nested};

/// On the own server the owner has this number, whatever it is at plex.tv.
const OWNER_ACCOUNT: u64 = 1;

/// Where the server lists its libraries.
pub(super) const SECTIONS: &str = "/library/sections/all";

/// What a library holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Movies,
    Shows,
}

/// A library that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// The server's key.
    pub(super) key: SmolStr,
    /// The name people see.
    pub(super) name: SmolStr,
    /// Movies or shows.
    pub(super) holds: Holds,
    /// Moves when something in it is added, changed or deleted.
    pub(super) mark: SmolStr,
    /// No two libraries have the same, whatever their servers.
    pub(super) uuid: SmolStr,
}

/// The account as server and cloud know it.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The server's own id.
    pub(super) machine: SmolStr,
    /// The server's version.
    pub(super) version: SmolStr,
    /// The user's number at plex.tv.
    pub(super) user_id: u64,
    /// The user's name.
    pub(super) user_name: SmolStr,
    /// The user's number in the server's log of plays.
    pub(super) log_number: u64,
    /// The user's token for the cloud.
    pub(super) cloud_token: SecretString,
    /// The user's token for this server.
    pub(super) server_token: SecretString,
    /// The libraries that count.
    pub(super) sections: Vec<Section>,
}

/// Somebody at plex.tv with a token.
struct Person {
    id: u64,
    name: SmolStr,
    token: SecretString,
}

/// What a server takes from a user.
pub(super) struct Access {
    pub(super) token: SecretString,
    pub(super) is_owner: bool,
}

impl Account {
    /// Asks server and cloud everything that has to be known before state is read or written.
    pub(super) async fn resolve(connection: &Connection) -> Result<Self, Fault> {
        let (machine, version) = identity(connection).await?;
        let person = person(connection).await?;
        let access = access(connection, &person.token, &machine).await?;
        let access = access.ok_or_else(|| {
            Fault::Auth(format_smolstr!(
                "\"{}\" has no access to this server; share it with them, or check url and token",
                person.name
            ))
        })?;
        let sections = sections(connection, &access.token).await?;
        Ok(Self {
            machine,
            version,
            user_id: person.id,
            user_name: person.name,
            log_number: if access.is_owner { OWNER_ACCOUNT } else { person.id },
            cloud_token: person.token,
            server_token: access.token,
            sections,
        })
    }

    /// The same account with what the server says now. `None` where it is another server. The libraries tell which server
    /// it is, as long as they are the same ones; where they are others, it is asked.
    pub(super) async fn again(&self, connection: &Connection) -> Result<Option<Self>, Fault> {
        let sections = sections(connection, &self.server_token).await?;
        let names = |sections: &[Section]| sections.iter().map(|section| section.uuid.clone()).collect::<Vec<_>>();
        let (known, now) = (names(&self.sections), names(&sections));
        if known == now && now.iter().all(|uuid| !uuid.is_empty()) {
            return Ok(Some(Self { sections, ..self.clone() }));
        }
        let (machine, version) = identity(connection).await?;
        Ok((machine == self.machine).then(|| Self { version, sections, ..self.clone() }))
    }
}

async fn identity(connection: &Connection) -> Result<(SmolStr, SmolStr), Fault> {
    let answer = connection.send_anonymous(connection.server_get("/identity")).await?.success()?;
    let identity = Identity::of(&answer)?;
    let machine = identity.machine_identifier.written().ok_or_else(|| {
        Fault::InDoubt("the server did not tell its identity; is the url that of a Plex Media Server?".into())
    })?;
    Ok((machine, identity.version.text_or_empty().into()))
}

/// The configured user. The token is theirs, or it is that of somebody in the same home who may become them.
async fn person(connection: &Connection) -> Result<Person, Fault> {
    let token = connection.own_token().await?;
    let owner = user_of(connection, &token).await?;
    let Some(wanted) = connection.options().user.clone() else {
        return as_person(&owner, token);
    };
    if is_called(&owner, &wanted) {
        return as_person(&owner, token);
    }
    let home = connection.send_signed(connection.plextv_get("/api/v2/home/users"), &token).await?;
    let users = match home.status.as_u16() {
        403 | 404 => Vec::new(),
        _ => home.success()?.json::<Home>()?.users,
    };
    let members = users.into_iter().filter_map(|user| user.0);
    let Some(member) = members.into_iter().find(|user| is_called(user, &wanted)) else {
        return Err(Fault::Auth(format_smolstr!(
            "the token belongs to \"{}\", not to \"{wanted}\"; run `crosswatch auth {}` and sign in as \"{wanted}\", \
             or correct `user`",
            name_of(&owner),
            connection.options().account
        )));
    };
    if member.protected.flag() == Some(true) {
        return Err(Fault::Auth(format_smolstr!(
            "\"{wanted}\" is protected by a PIN, which is not asked for here; take the PIN away, or use a token of \"{wanted}\""
        )));
    }
    become_member(connection, &token, &member).await
}

/// Switches to a member of the home, once; the token is kept for the next start.
async fn become_member(connection: &Connection, token: &SecretString, member: &WireUser) -> Result<Person, Fault> {
    let uuid = member.uuid.written().ok_or_else(untold)?;
    let vault = &*connection.ports().vault;
    let secret_name = format!("member-{uuid}");
    if let Some(kept) = vault.load(&secret_name).await? {
        let call = connection.plextv_get("/api/v2/user");
        if connection.send_signed(call, &kept).await?.status.is_success() {
            return as_person(member, kept);
        }
    }
    let call = connection.plextv_sign_in(&format!("/api/v2/home/users/{uuid}/switch"));
    let answer = connection.send_signed(call, token).await?;
    let switched: WirePin = connection.accepted(answer)?.json()?;
    let switched = switched.auth_token.text().map(|text| SecretString::from(text.as_str())).ok_or_else(untold)?;
    vault.save(&secret_name, switched.clone()).await?;
    as_person(member, switched)
}

async fn user_of(connection: &Connection, token: &SecretString) -> Result<WireUser, Fault> {
    let answer = connection.send_signed(connection.plextv_get("/api/v2/user"), token).await?;
    connection.accepted(answer)?.json()
}

/// The token that the server takes from the user of a cloud token; `None` where it takes none.
pub(super) async fn access(
    connection: &Connection,
    token: &SecretString,
    machine: &str,
) -> Result<Option<Access>, Fault> {
    let call = connection.plextv_get("/api/v2/resources").query("includeHttps", "1").query("includeRelay", "1");
    let answer = connection.send_signed(call, token).await?;
    let resources: Vec<Nested<WireResource>> = connection.accepted(answer)?.json()?;
    let server =
        resources.iter().filter_map(Nested::get).find(|resource| resource.client_identifier.text_or_empty() == machine);
    Ok(server.and_then(|server| {
        let token = server.access_token.text()?;
        Some(Access { token: SecretString::from(token.as_str()), is_owner: server.owned.flag() == Some(true) })
    }))
}

/// The libraries of movies and shows that the filter leaves.
async fn sections(connection: &Connection, token: &SecretString) -> Result<Vec<Section>, Fault> {
    let answer = connection.send_signed(connection.server_get(SECTIONS), token).await?;
    sections_of(connection, &connection.accepted(answer)?)
}

/// Reads the answer that lists the libraries.
pub(super) fn sections_of(connection: &Connection, answer: &Answer) -> Result<Vec<Section>, Fault> {
    let list: List<WireSection> = List::whole(answer)?;
    let known: Vec<(Library, Option<Section>)> = list.rows().filter_map(section).collect();
    let libraries: Vec<Library> = known.iter().map(|(library, _)| library.clone()).collect();
    let chosen = connection.options().libraries.choose(&libraries)?;
    let counts = |section: &Section| chosen.as_ref().is_none_or(|chosen| chosen.contains(&section.key));
    let sections: Vec<Section> = known.into_iter().filter_map(|(_, section)| section.filter(counts)).collect();
    if sections.is_empty() {
        return Err(Fault::Rejected(
            "the server shows no library of movies or shows to this user; share one, or check `libraries`".into(),
        ));
    }
    Ok(sections)
}

fn section(wire: &WireSection) -> Option<(Library, Option<Section>)> {
    let key = wire.key.written()?;
    let holds = match wire.kind.text_or_empty() {
        "movie" => Some(Holds::Movies),
        "show" => Some(Holds::Shows),
        _ => None,
    };
    let library =
        Library { id: key.clone(), name: wire.title.text_or_empty().to_smolstr(), holds_video: holds.is_some() };
    let marks = [&wire.updated_at, &wire.scanned_at, &wire.content_changed_at];
    let marks = marks.map(|mark| mark.written().unwrap_or_default());
    let section = holds.map(|holds| Section {
        key,
        name: library.name.clone(),
        holds,
        mark: marks.join("|").into(),
        uuid: wire.uuid.written().unwrap_or_default(),
    });
    Some((library, section))
}

fn as_person(user: &WireUser, token: SecretString) -> Result<Person, Fault> {
    let id = user.id.whole().ok_or_else(untold)?;
    Ok(Person { id, name: name_of(user), token })
}

fn name_of(user: &WireUser) -> SmolStr {
    user.username.text().or_else(|| user.title.text()).cloned().unwrap_or_default()
}

fn is_called(user: &WireUser, wanted: &str) -> bool {
    let wanted = wanted.trim().to_lowercase();
    let names = [&user.username, &user.title, &user.email].map(|name| name.text_or_empty().to_lowercase());
    let number = user.id.written().unwrap_or_default();
    names.iter().any(|name| !name.is_empty() && *name == wanted) || number == wanted
}

fn untold() -> Fault {
    Fault::InDoubt("plex.tv did not tell whose token this is; trying later may help".into())
}
