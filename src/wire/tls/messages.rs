//! Takes handshake messages of both directions, gives what the session learns from them.

use std::sync::Arc;

use super::half::{Level, State};
use super::handshake::{self, message};
use super::hello::{ClientHello, EncryptedExtensions, ServerHello};
use super::negotiation::{Negotiation, Part};
use super::session::Role;
use super::suites::CipherSuite;
use super::{Tls, Version};
use crate::exchange::TlsFacts;
use crate::limits::NEGOTIATIONS;
use crate::wire::stream::Direction;

impl Tls {
    /// The content of a handshake record.
    pub(super) fn handshake(&mut self, direction: Direction, content: &[u8]) {
        self.halves[direction.index()].joiner.push(content);
        while let Some(message) = self.halves[direction.index()].joiner.pop() {
            self.message(direction, &message);
        }
    }

    fn message(&mut self, direction: Direction, message: &[u8]) {
        let Some((&[kind, ..], body)) = message.split_first_chunk::<4>() else { return };
        let role = self.role(direction);
        match kind {
            message::CLIENT_HELLO => {
                if let Some(hello) = ClientHello::parse(body) {
                    self.client_hello(direction, hello, message);
                }
                return;
            }
            message::SERVER_HELLO => {
                if let Some(hello) = ServerHello::parse(body) {
                    self.server_hello(direction, hello);
                }
            }
            message::ENCRYPTED_EXTENSIONS => self.encrypted_extensions(body),
            message::CERTIFICATE => self.certificate(role, body),
            message::COMPRESSED_CERTIFICATE => {
                if let Some(body) = handshake::decompress_certificate(body) {
                    self.certificate(role, &body);
                }
            }
            message::CLIENT_KEY_EXCHANGE => {
                self.note(direction, role, message);
                if let Some(negotiation) = self.negotiation(direction) {
                    negotiation.key_exchange(body);
                }
                self.progress = true;
                return;
            }
            message::NEW_SESSION_TICKET if !self.is_modern(direction) => {
                if let Some(negotiation) = self.negotiation(direction) {
                    negotiation.ticket(body);
                }
                return;
            }
            message::END_OF_EARLY_DATA => self.next_level(direction, Level::Early, Level::Handshake),
            message::FINISHED if self.is_modern(direction) => {
                self.next_level(direction, Level::Handshake, Level::Application);
            }
            message::FINISHED => {
                let index = self.negotiation_index(direction);
                if let Some(negotiation) = self.negotiations.get(index) {
                    negotiation.remember(&self.secrets);
                }
                self.progress = true;
                return;
            }
            message::KEY_UPDATE => self.key_update(direction),
            _ => {}
        }
        if matches!(kind, message::CERTIFICATE | message::SERVER_KEY_EXCHANGE | message::SERVER_HELLO_DONE)
            && let Some(negotiation) = self.negotiation(direction)
        {
            negotiation.full = true;
        }
        self.note(direction, role, message);
    }

    /// Keeps the transcript that an extended master secret is made of, where a private key may need it.
    fn note(&mut self, direction: Direction, role: Role, message: &[u8]) {
        if !self.secrets.derives_masters() || self.is_modern(direction) {
            return;
        }
        let part = if role == Role::Client { Part::Client } else { Part::Server };
        if let Some(negotiation) = self.negotiation(direction) {
            negotiation.note(part, message);
        }
    }

    fn is_modern(&self, direction: Direction) -> bool {
        matches!(self.halves[direction.index()].state, State::Modern(_))
    }

    /// A ClientHello in SSL 2.0 framing.
    pub(super) fn ssl2_hello(&mut self, direction: Direction, message: &[u8]) {
        if let Some(hello) = ClientHello::parse_ssl2(message) {
            self.client_hello(direction, hello, message);
        }
    }

    fn client_hello(&mut self, direction: Direction, hello: ClientHello, message: &[u8]) {
        if self.client.is_none() {
            self.client = Some(direction);
            let digits = hello.random.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
            let random = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
            self.ledger.client_random = Some(random);
        }
        if self.client != Some(direction) || self.negotiations.len() >= NEGOTIATIONS {
            return;
        }
        if let Some(name) = &hello.server_name
            && self.ledger.facts.sni.is_none()
        {
            self.facts_mut().sni = Some(name.clone());
        }
        // A hello that repeats an unanswered one answers a HelloRetryRequest.
        let repeats = self.negotiations.last().is_some_and(|last| last.server.is_none());
        if !repeats {
            self.negotiations.push(Negotiation::default());
        }
        self.halves[direction.index()].hellos = self.negotiations.len();
        let derives = self.secrets.derives_masters();
        if let Some(negotiation) = self.negotiations.last_mut() {
            negotiation.client = Some(hello);
            if derives {
                negotiation.note(Part::Hello, message);
            }
        }
    }

    fn server_hello(&mut self, direction: Direction, hello: ServerHello) {
        if self.client.is_none() {
            self.client = Some(direction.reverse());
        }
        if hello.retry {
            self.early = Some(false);
            if hello.version >= Version::TLS13 {
                // The ServerHello will name the same (RFC 8446 4.1.4); a ChangeCipherSpec before it is for show.
                self.suite13 = Some(hello.suite);
            }
            return;
        }
        let index = self.halves[direction.index()].hellos;
        if self.role(direction) == Role::Client || index >= NEGOTIATIONS {
            return;
        }
        self.halves[direction.index()].hellos = index + 1;
        while self.negotiations.len() <= index {
            self.negotiations.push(Negotiation::default());
        }
        self.tls_facts(hello.version, hello.suite);
        if let Some(protocol) = &hello.alpn {
            self.facts_mut().alpn = Some(protocol.clone());
        }
        if hello.version >= Version::TLS13 {
            self.suite13 = Some(hello.suite);
            self.enter_modern(direction, Level::Handshake, false);
        }
        if let Some(negotiation) = self.negotiations.get_mut(index) {
            negotiation.server = Some(hello);
        }
        self.progress = true;
    }

    fn encrypted_extensions(&mut self, body: &[u8]) {
        let found = EncryptedExtensions::parse(body);
        if let Some(protocol) = found.alpn {
            self.facts_mut().alpn = Some(protocol);
        }
        self.early.get_or_insert(found.early_data);
        self.progress = true;
    }

    fn certificate(&mut self, role: Role, body: &[u8]) {
        let tls13 = self.version().is_some_and(|version| version >= Version::TLS13);
        let chain = handshake::certificates(body, tls13);
        match role {
            Role::Client => self.ledger.client_certificate |= !chain.is_empty(),
            Role::Server if self.ledger.facts.certificates.is_empty() && !chain.is_empty() => {
                self.facts_mut().certificates = chain;
            }
            Role::Server => {}
        }
    }

    pub(super) fn tls_facts(&mut self, version: Version, suite: CipherSuite) {
        let facts = self.facts_mut();
        facts.version = Some(version.to_string());
        facts.cipher = Some(suite.to_string());
    }

    fn facts_mut(&mut self) -> &mut TlsFacts {
        Arc::make_mut(&mut self.ledger.facts)
    }
}
