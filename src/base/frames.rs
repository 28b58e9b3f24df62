//! Takes frames of files that are one recording, gives numbers that count through all of them, and back.

/// Bits of a frame's number that count within one file: no file holds so many.
const WITHIN_A_FILE: u32 = 40;

/// What the decoders add to the numbers of frames in the file with this number of a recording that consists of several:
/// connections go on from one into the next, and so do the numbers. In the first file they are those of every other tool.
pub const fn frames_before(file: u32) -> u64 {
    (file as u64) << WITHIN_A_FILE
}

/// Which file of a recording a number means that the decoders gave to a frame, and the frame's own number in it.
pub const fn file_and_frame(number: u64) -> (u32, u64) {
    ((number >> WITHIN_A_FILE) as u32, number & (frames_before(1) - 1))
}

/// The first file that any of these numbers means, and the frames in it.
pub fn in_first_file(numbers: &[u64]) -> (u32, Vec<u64>) {
    let apart = || numbers.iter().map(|number| file_and_frame(*number));
    let file = apart().map(|(file, _)| file).min().unwrap_or(0);
    (file, apart().filter(|(of, _)| *of == file).map(|(_, frame)| frame).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_later_files_are_larger_and_come_apart_again() {
        assert_eq!((frames_before(0), file_and_frame(17)), (0, (0, 17)));
        assert_eq!(file_and_frame(frames_before(3) + 17), (3, 17));
        assert!(frames_before(1) > u64::from(u32::MAX));
        let numbers = [frames_before(1) + 8, frames_before(1) + 9, frames_before(2) + 1];
        assert_eq!(in_first_file(&numbers), (1, vec![8, 9]));
        assert_eq!((in_first_file(&[3, 4]), in_first_file(&[])), ((0, vec![3, 4]), (0, Vec::new())));
    }
}
