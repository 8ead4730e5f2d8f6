//! A similarity hash: copies of one wire story lie within a few bits.
//!
//! Simhash over shingles of three words of the match text. Each shingle votes
//! on each bit; a head or tail of another outlet's is a small minority of the
//! votes and tips only bits that were nearly even.

use xxhash_rust::xxh3::xxh3_64;

const SHINGLE: usize = 3;

/// The hash of the body's match text, block by block; 0 where there is no word.
pub(super) fn fingerprint<'a>(blocks: impl Iterator<Item = &'a str>) -> u64 {
    let mut words: Vec<u64> = Vec::new();
    for block in blocks {
        words.extend(block.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(hash));
    }
    let mut votes = [0_i32; 64];
    for shingle in words.windows(SHINGLE.min(words.len()).max(1)) {
        let bits = shingle.iter().fold(0, |sum: u64, word| xxh3_64(&(sum.rotate_left(21) ^ word).to_le_bytes()));
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if bits >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    votes.iter().enumerate().fold(0, |hash, (bit, vote)| if *vote > 0 { hash | 1 << bit } else { hash })
}

fn hash(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: [&str; 6] = [
        "اعلنت هيئه الموانئ في المدينه الساحليه ان حركه السفن ستستانف صباح الخميس بعد توقف دام ثلاثه ايام",
        "وقال مدير الهيئه في موتمر صحفي ان الامواج العاليه الحقت اضرارا بالرصيف الشرقي وان فرق الصيانه تعمل ليلا ونهارا",
        "واضاف ان الخسائر الاوليه تقدر بنحو مليوني دولار وان شركات التامين بدات معاينه البضائع المتضرره",
        "وكانت عاصفه قويه ضربت الساحل مطلع الاسبوع وادت الي اغلاق المدارس وقطع التيار الكهربائي عن الاف المنازل",
        "من جانبها دعت نقابه الصيادين الحكومه الي صرف تعويضات عاجله لاصحاب القوارب التي غرقت داخل الحوض القديم",
        "ويعد الميناء اكبر منفذ للصادرات الزراعيه في البلاد ويعمل فيه اكثر من اربعه الاف عامل",
    ];

    fn distance(a: &[&str], b: &[&str]) -> u32 {
        (fingerprint(a.iter().copied()) ^ fingerprint(b.iter().copied())).count_ones()
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
    fn punctuation_and_line_breaks_do_not_matter() {
        let joined = STORY.join("، ");
        assert_eq!(fingerprint(std::iter::once(joined.as_str())), fingerprint(STORY.into_iter()));
        assert_eq!(fingerprint(std::iter::empty()), 0);
        assert_ne!(fingerprint(std::iter::once("كلمه")), 0);
    }
}
