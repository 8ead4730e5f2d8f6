//! A similarity hash: copies of one wire story lie within a few bits.
//!
//! Simhash over shingles of three words of the match text. Each shingle votes
//! on each bit; a head or tail of another outlet's is a small minority of the
//! votes and tips only bits that were nearly even.

use xxhash_rust::xxh3::xxh3_64;

use super::key::hash;

const SHINGLE: usize = 3;

/// The fingerprint of the body by the words of its blocks' keys; 0 where there is none.
pub(super) fn fingerprint<'a>(words: impl Iterator<Item = &'a str>) -> u64 {
    let words: Vec<u64> = words.map(hash).collect();
    let mut votes = Votes::default();
    for shingle in words.windows(SHINGLE.min(words.len()).max(1)) {
        votes.add(shingle.iter().fold(0, |sum: u64, word| xxh3_64(&(sum.rotate_left(21) ^ word).to_le_bytes())));
    }
    votes.majority()
}

/// How many hashes had each bit set.
#[derive(Default)]
struct Votes {
    all: u32,
    /// Bit n of the count of each bit: all 64 counts grow by a few additions.
    digits: [u64; 32],
}

impl Votes {
    fn add(&mut self, hash: u64) {
        self.all += 1;
        let mut carry = hash;
        for digit in &mut self.digits {
            (*digit, carry) = (*digit ^ carry, *digit & carry);
            if carry == 0 {
                break;
            }
        }
    }

    /// The bits that more than half of the hashes had.
    fn majority(&self) -> u64 {
        let count = |bit: usize| -> u64 {
            self.digits.iter().enumerate().map(|(place, digit)| (digit >> bit & 1) << place).sum()
        };
        (0..64).filter(|bit| count(*bit) * 2 > u64::from(self.all)).fold(0, |hash, bit| hash | 1 << bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::phrases::Phrases;
    use crate::normalize::{key, lines::Line};
    use crate::record::Edits;

    const STORY: [&str; 6] = [
        "اعلنت هيئه الموانئ في المدينه الساحليه ان حركه السفن ستستانف صباح الخميس بعد توقف دام ثلاثه ايام",
        "وقال مدير الهيئه في موتمر صحفي ان الامواج العاليه الحقت اضرارا بالرصيف الشرقي وان فرق الصيانه تعمل ليلا ونهارا",
        "واضاف ان الخسائر الاوليه تقدر بنحو مليوني دولار وان شركات التامين بدات معاينه البضائع المتضرره",
        "وكانت عاصفه قويه ضربت الساحل مطلع الاسبوع وادت الي اغلاق المدارس وقطع التيار الكهربائي عن الاف المنازل",
        "من جانبها دعت نقابه الصيادين الحكومه الي صرف تعويضات عاجله لاصحاب القوارب التي غرقت داخل الحوض القديم",
        "ويعد الميناء اكبر منفذ للصادرات الزراعيه في البلاد ويعمل فيه اكثر من اربعه الاف عامل",
    ];

    fn of(blocks: &[&str]) -> u64 {
        let phrases = Phrases::new();
        let lines: Vec<Line> =
            blocks.iter().map(|block| Line::of((*block).to_owned(), Edits::default(), &phrases)).collect();
        fingerprint(lines.iter().flat_map(Line::each_word))
    }

    fn distance(a: &[&str], b: &[&str]) -> u32 {
        (of(a) ^ of(b)).count_ones()
    }

    #[test]
    fn another_head_and_tail_move_a_few_bits() {
        let copy: Vec<&str> =
            [&["ننشر لكم تفاصيل ما جري اليوم في الميناء"][..], &STORY, &["تابعونا للمزيد من الاخبار المحليه"]].concat();
        assert!(distance(&STORY, &copy) <= 8, "{}", distance(&STORY, &copy));
        assert!(distance(&STORY, &STORY[..5]) <= 12, "{}", distance(&STORY, &STORY[..5]));
    }

    #[test]
    fn another_story_is_far() {
        let other = [
            "فاز الفريق الاحمر علي ضيفه بثلاثه اهداف مقابل هدف في افتتاح الدوري مساء الجمعه امام جمهور كبير",
            "وسجل المهاجم الشاب هدفين في الشوط الاول قبل ان يخرج مصابا ويحل محله زميله الذي اضاف الهدف الثالث",
            "وقال المدرب بعد المباراه ان اللاعبين نفذوا الخطه بدقه وان الطريق لا يزال طويلا نحو اللقب",
        ];
        assert!(distance(&STORY, &other) >= 20, "{}", distance(&STORY, &other));
    }

    #[test]
    fn the_majority_is_that_of_64_counts() {
        let mut votes = Votes::default();
        let mut counts = [0_i32; 64];
        for number in 0..1000_u64 {
            assert_eq!(
                votes.majority(),
                counts.iter().enumerate().fold(0, |hash, (bit, count)| hash | u64::from(*count > 0) << bit)
            );
            let hash = xxh3_64(&(number / 3).to_le_bytes());
            votes.add(hash);
            counts.iter_mut().enumerate().for_each(|(bit, count)| *count += if hash >> bit & 1 == 1 { 1 } else { -1 });
        }
    }

    #[test]
    fn punctuation_and_line_breaks_do_not_matter() {
        let joined = STORY.join("، ");
        assert_eq!(of(&[&joined]), of(&STORY));
        assert_eq!(of(&[]), 0);
        assert_ne!(of(&["كلمه"]), 0);
        // As it was when records were first given out.
        assert_eq!(of(&["كلمه"]), xxh3_64(&key::hash("كلمه").to_le_bytes()));
    }
}
