//! Takes the hellos and key exchange messages of one handshake up to TLS 1.2, and secrets, gives the keys
//! of both directions.

use super::Version;
use super::hello::{ClientHello, ServerHello, ticket_name};
use super::keylog::Label;
use super::schedule::{self, DirectionKeys, Randoms};
use super::secrets::{Material, Secrets};
use super::suites::{KeyExchange, Suite};

/// One handshake. A connection has more than one when it is renegotiated.
#[derive(Default)]
pub(super) struct Negotiation {
    pub(super) client: Option<ClientHello>,
    pub(super) server: Option<ServerHello>,
    /// Something was said that a resumed session leaves out.
    pub(super) full: bool,
    /// Premaster secret as the client encrypted it.
    encrypted: Vec<u8>,
    /// ClientHello; then what the server sent; then what the client sent, with ClientKeyExchange.
    transcript: [Vec<u8>; 3],
    /// ClientKeyExchange was seen: what comes later is not part of the transcript.
    key_exchanged: bool,
    /// Name of the ticket that the server gave for later.
    new_ticket: Vec<u8>,
    master: Option<Material>,
    keys: Option<[DirectionKeys; 2]>,
}

/// A part of the transcript of RFC 7627.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Hello,
    Server,
    Client,
}

impl Negotiation {
    /// Whether the server spoke TLS 1.3.
    pub(super) fn tls13(&self) -> bool {
        self.server.as_ref().is_some_and(|hello| hello.version >= Version::TLS13)
    }

    /// Adds a message to the transcript, which is only kept where a private key may need it.
    pub(super) fn note(&mut self, part: Part, message: &[u8]) {
        if matches!(part, Part::Client) && self.key_exchanged {
            return;
        }
        let bound = 2 * crate::limits::TLS_HANDSHAKE_BYTES;
        let kept = &mut self.transcript[part as usize];
        if kept.len().saturating_add(message.len()) <= bound {
            kept.extend_from_slice(message);
        }
    }

    /// The body of ClientKeyExchange.
    pub(super) fn key_exchange(&mut self, body: &[u8]) {
        self.full = true;
        self.key_exchanged = true;
        let suite = self.suite();
        if suite.is_some_and(|suite| suite.key_exchange != KeyExchange::Rsa) {
            return;
        }
        // SSL 3.0 sends the encrypted bytes alone; TLS puts their length before them.
        let prefixed = body.split_first_chunk::<2>();
        let inner = prefixed.filter(|(length, rest)| usize::from(u16::from_be_bytes(**length)) == rest.len());
        self.encrypted = inner.map_or(body, |(_, rest)| rest).to_vec();
    }

    /// NewSessionTicket of TLS 1.2 (RFC 5077 3.3): lifetime, then the ticket.
    pub(super) fn ticket(&mut self, body: &[u8]) {
        self.new_ticket = ticket_name(body.get(6..).unwrap_or_default());
    }

    pub(super) fn suite(&self) -> Option<&'static Suite> {
        self.server.as_ref()?.suite.row()
    }

    /// The keys of both directions, client first.
    pub(super) fn keys(&mut self, secrets: &Secrets) -> Option<&[DirectionKeys; 2]> {
        if self.keys.is_none() {
            let master = self.master(secrets)?;
            let (client, server) = (self.client.as_ref()?, self.server.as_ref()?);
            let randoms = Randoms { client: &client.random, server: &server.random };
            self.keys = Some(schedule::key_block(server.version, self.suite()?, &master, randoms));
            self.master = Some(master);
        }
        self.keys.as_ref()
    }

    /// Lets later connections resume this session; to be called at each Finished, since the ticket comes
    /// between them.
    pub(super) fn remember(&self, secrets: &Secrets) {
        let (Some(master), Some(server)) = (&self.master, &self.server) else { return };
        for id in [&server.session_id, &self.new_ticket] {
            if !id.is_empty() {
                secrets.remember(id, master);
            }
        }
    }

    /// Whether the keys may yet come from another connection: the session that this one resumes.
    pub(super) fn may_resume(&self, secrets: &Secrets) -> bool {
        let offered = self
            .client
            .as_ref()
            .is_some_and(|hello| !hello.session_id.is_empty() || !hello.ticket.is_empty());
        !self.full && offered && secrets.derives_masters()
    }

    fn master(&self, secrets: &Secrets) -> Option<Material> {
        let (client, server) = (self.client.as_ref()?, self.server.as_ref()?);
        if let Some(master) = secrets.by_random(&client.random, Label::Master) {
            return Some(master);
        }
        let premaster = secrets.by_random(&client.random, Label::Premaster);
        let premaster = premaster.or_else(|| {
            (!self.encrypted.is_empty()).then_some(())?;
            secrets.by_encrypted(&self.encrypted).or_else(|| secrets.decrypt_premaster(&self.encrypted))
        });
        if let Some(premaster) = premaster {
            let suite = self.suite()?;
            if server.extended_master_secret {
                let parts = self.transcript.each_ref().map(Vec::as_slice);
                return Some(schedule::extended_master(server.version, suite.hash, &premaster, &parts));
            }
            let randoms = Randoms { client: &client.random, server: &server.random };
            return Some(schedule::master(server.version, suite.hash, &premaster, randoms));
        }
        if let Some(master) = secrets.by_session(&server.session_id) {
            return Some(master);
        }
        if self.full {
            return None;
        }
        let same_id = !server.session_id.is_empty() && server.session_id == client.session_id;
        let by_id = same_id.then(|| secrets.resumed(&server.session_id)).flatten();
        by_id.or_else(|| if client.ticket.is_empty() { None } else { secrets.resumed(&client.ticket) })
    }
}

impl std::fmt::Debug for Negotiation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Negotiation").field("client", &self.client).field("server", &self.server).finish()
    }
}
