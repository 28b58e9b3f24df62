//! Takes connections, gives each a place of its own for as long as it lasts.

/// Connections of one piece. Room grows by pieces: nothing is moved, and nothing more is held than is used.
const PIECE: usize = 64;

/// Places, some of them free.
#[derive(Debug)]
pub(super) struct Slab<T> {
    pieces: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { pieces: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Places, taken or free.
    pub(super) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    #[inline]
    pub(super) fn get(&self, place: u32) -> Option<&T> {
        let place = place as usize;
        self.pieces.get(place / PIECE)?.get(place % PIECE)?.as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        let place = place as usize;
        self.pieces.get_mut(place / PIECE)?.get_mut(place % PIECE)?.as_mut()
    }

    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            let at = place as usize;
            if let Some(slot) = self.pieces.get_mut(at / PIECE).and_then(|piece| piece.get_mut(at % PIECE)) {
                *slot = Some(value);
            }
            return place;
        }
        let place = u32::try_from(self.len()).unwrap_or(u32::MAX);
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => last.push(Some(value)),
            last => {
                // The first piece grows: most captures hold few connections.
                let room = if last.is_some() { PIECE } else { 0 };
                let mut piece = Vec::with_capacity(room);
                piece.push(Some(value));
                self.pieces.push(piece);
            }
        }
        place
    }

    pub(super) fn remove(&mut self, place: u32) -> Option<T> {
        let at = place as usize;
        let value = self.pieces.get_mut(at / PIECE)?.get_mut(at % PIECE)?.take()?;
        self.free.push(place);
        Some(value)
    }

    /// All with their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(self.pieces.iter().flatten()).filter_map(|(place, slot)| Some((place, slot.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_and_are_given_again() {
        let mut slab = Slab::default();
        let places: Vec<u32> = (0..1000).map(|value| slab.insert(value)).collect();
        assert_eq!(places, (0..1000).collect::<Vec<_>>());
        assert_eq!(slab.remove(700), Some(700));
        assert_eq!((slab.remove(700), slab.get(700), slab.len()), (None, None, 1000));
        assert_eq!(slab.insert(5), 700);
        assert_eq!(slab.get(700), Some(&5));
        assert_eq!(slab.iter().map(|(_, value)| value).sum::<i32>(), 999 * 500 - 700 + 5);
    }
}
