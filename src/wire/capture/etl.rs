//! Stub.
use super::window::Window;
use super::{Raw, Stop};
pub(super) struct Etl {}
pub(super) fn is_etl(head: &[u8]) -> bool {
    let _ = head;
    false
}
impl Etl {
    pub(super) fn open(window: &mut Window) -> Result<Self, Stop> {
        let _ = window;
        Err(Stop::Header("not yet".into()))
    }
    pub(super) fn next(&mut self) -> Option<Raw> {
        None
    }
    pub(super) fn bytes(&self) -> &[u8] {
        &[]
    }
    pub(super) fn packets(&self) -> u64 {
        0
    }
}
