//! The phrases and words themselves; what they are for stands in `phrases`.

use super::phrases::{At, Cue, Phrase, Zone};

/// Words of an office's address.
pub(super) const CONTACT_WORDS: &[&str] =
    &["هاتف", "الهاتف", "تلفون", "فاكس", "الفاكس", "تليفاكس", "موبايل", "جوال", "tel", "fax", "phone", "tél"];

const fn phrase(cue: Cue, at: At, zone: Zone, max_words: usize, texts: &'static [&'static str]) -> Phrase {
    Phrase { cue, at, zone, max_words, texts }
}

#[rustfmt::skip] // one entry a line would hide the table
pub(super) const PHRASES: &[Phrase] = &[
    phrase(Cue::CommentHead, At::Start, Zone::Edge, 9, &[
        "اترك تعليق", "اترك تعليقا", "اترك تعليقك", "اترك رد", "اترك ردا", "أترك تعليقا", "أضف تعليق",
        "أضف تعليقا", "أضف تعليقك", "إضافة تعليق", "كتابة تعليق", "اكتب تعليقا", "اكتب تعليقك", "شاركنا رأيك",
        "شارك برأيك", "شاركنا برأيك", "أضف ردا", "لا توجد تعليقات", "لا يوجد تعليقات", "كن أول من يعلق",
        "إلغاء الرد", "تعليقات القراء", "تعليقات الزوار", "رد واحد على", "إرسال تعليق",
        "إرسال تعليقك", "عدد التعليقات", "leave a reply", "leave a comment", "post a comment", "add a comment",
        "write a comment", "join the conversation", "cancel reply", "no comments", "laisser un commentaire",
        "ajouter un commentaire", "poster un commentaire", "annuler la réponse", "aucun commentaire",
        "bir yorum yazın", "yorum yap", "yorum yaz", "bir cevap yazın", "bir yanıt yazın", "ارسال نظر",
        "نظر شما", "دیدگاهتان را بنویسید", "دیدگاه خود را", "لغو پاسخ", "بۆچوونێک بنووسە", "کۆمێنت بکە",
        "وەڵامێک بنووسە",
    ]),
    phrase(Cue::CommentHead, At::Whole, Zone::Tail, 4, &[
        "التعليقات", "تعليقات", "تعليق", "الردود", "comments", "commentaires", "yorumlar", "نظرات", "دیدگاه ها",
        "دیدگاهها", "کۆمێنتەکان",
    ]),
    phrase(Cue::CommentPart, At::Inside, Zone::Anywhere, 30, &[
        "لن يتم نشر عنوان بريدك", "لن يتم نشر بريدك", "لن ينشر عنوان بريدك", "الحقول الإلزامية مشار",
        "الحقول المطلوبة مشار", "احفظ اسمي وبريدي", "احفظ اسمي بريدي", "حفظ اسمي وبريدي", "حفظ اسمي بريدي",
        "your email address will not be published", "required fields are marked", "save my name email",
        "votre adresse e-mail ne sera pas publiée", "votre adresse de messagerie ne sera pas publiée",
        "les champs obligatoires sont indiqués", "enregistrer mon nom mon e-mail",
        "e-posta hesabınız yayımlanmayacak", "e-posta adresiniz yayınlanmayacak",
        "نشانی ایمیل شما منتشر نخواهد شد", "بخش های موردنیاز علامت گذاری", "ئیمەیڵەکەت بڵاو ناکرێتەوە",
    ]),
    phrase(Cue::CommentPart, At::Whole, Zone::Tail, 4, &[
        "الاسم", "البريد الإلكتروني", "الموقع الإلكتروني", "التعليق", "إرسال التعليق", "أرسل التعليق", "إرسال",
        "رد", "name", "email", "website", "comment", "post comment", "submit", "reply", "nom", "e-mail",
        "site web", "commentaire", "envoyer", "نام", "ایمیل", "وب سایت", "دیدگاه",
    ]),
    phrase(Cue::Share, At::Start, Zone::Anywhere, 7, &[
        "شارك الخبر", "شارك المقال", "شارك هذا", "شارك هذه", "شارك على", "شارك عبر", "شاركها", "شاركه",
        "انشر الخبر", "انشر المقال", "مشاركة على", "مشاركة عبر", "مشاركة الخبر", "مشاركة المقال",
        "انقر للمشاركة", "اضغط للمشاركة", "أرسل لصديق", "أرسل إلى صديق", "أرسل هذا المقال", "أرسل هذا الخبر",
        "صفحة للطباعة", "إرسال بالبريد الإلكتروني", "share this", "share on", "share via", "share article",
        "click to share", "partager sur", "partager cet article", "partager via", "bu haberi paylaş", "اشتراک‌گذاری",
        "facebook ta paylaş", "twitter da paylaş", "اشتراک گذاری", "به اشتراک بگذارید", "هاوبەشی بکە",
    ]),
    phrase(Cue::Share, At::Whole, Zone::Anywhere, 3, &[
        "شارك", "مشاركة", "شير", "طباعة", "اطبع", "صفحة للطباعة", "نسخة للطباعة", "غرد", "انسخ الرابط", "نسخ الرابط", "حفظ", "أرسل", "share", "print",
        "copy link", "tweet", "partager", "imprimer", "paylaş", "yazdır", "چاپ", "کپی لینک", "پرینت",
    ]),
    phrase(Cue::RelatedHead, At::Whole, Zone::Anywhere, 6, &[
        "اقرأ أيضا", "إقرأ أيضا", "أقرأ أيضا", "اقرا ايضا", "اقرأ المزيد", "إقرأ المزيد", "قراءة المزيد",
        "اقرأوا أيضا", "مواضيع ذات صلة", "موضوعات ذات صلة", "مواضيع متعلقة", "موضوعات متعلقة", "مواضيع مرتبطة",
        "أخبار ذات صلة", "أخبار متعلقة", "مقالات ذات صلة", "مقالات مشابهة", "مواضيع مشابهة", "أخبار مشابهة",
        "ذات صلة", "الأكثر قراءة", "الأكثر مشاهدة", "الأكثر تداولا", "الأكثر شعبية", "آخر الأخبار",
        "أحدث الأخبار", "شريط الأخبار", "قد يعجبك أيضا", "قد يهمك أيضا", "قد يهمك", "ربما يعجبك أيضا", "شاهد أيضا",
        "المزيد من الأخبار", "المزيد", "أخبار أخرى", "اخترنا لك", "مختارات", "مقترحة لك", "تابع أيضا",
        "الخبر السابق", "الخبر التالي", "المقال السابق", "المقال التالي", "أخبار ذات علاقة", "مواضيع ذات علاقة",
        "موضوعات ذات علاقة", "مواضيع قد تهمك", "أخبار قد تهمك", "قد يهمك أيضا", "من نفس القسم", "من القسم نفسه",
        "في نفس القسم", "من الملف نفسه", "أخبار مختارة", "مقالات مختارة", "المشاركات الشائعة", "أحدث المقالات",
        "آخر المقالات", "أحدث المواضيع", "مقالات سابقة للكاتب", "مقالات أخرى للكاتب", "للكاتب أيضا", "في هذا العدد",
        "related articles", "related stories",
        "related news", "related posts", "related topics", "related", "read more", "read also", "read next",
        "see also", "more stories", "more news", "most read", "most popular", "trending", "trending now",
        "you may also like", "recommended", "recommended for you", "latest news", "previous article",
        "next article", "previous post", "next post", "lire aussi", "à lire aussi", "a lire également",
        "lire la suite", "articles similaires", "articles liés", "sur le même sujet", "les plus lus",
        "les plus populaires", "dernières nouvelles", "ilgili haberler", "benzer haberler", "en çok okunanlar",
        "son haberler", "diğer haberler", "بیشتر بخوانید", "اخبار مرتبط", "مطالب مرتبط", "مطالب مشابه",
        "پربازدیدترین", "پربازدیدترین ها", "آخرین اخبار", "بابەتی پەیوەندیدار", "بابەتە پەیوەندیدارەکان",
        "هەواڵی پەیوەندیدار", "زۆرترین خوێنراوە", "زیاتر بخوێنەرەوە",
    ]),
    phrase(Cue::RelatedLine, At::Start, Zone::Anywhere, 30, &[
        "اقرأ أيضا", "إقرأ أيضا", "أقرأ أيضا", "اقرا ايضا", "اقرأ المزيد", "إقرأ المزيد", "اقرأ كذلك",
        "المقال السابق", "المقال التالي", "الخبر السابق", "الخبر التالي", "الموضوع السابق", "الموضوع التالي",
        "previous article", "next article", "previous post", "next post", "article précédent", "article suivant",
        "قد يهمك أيضا", "شاهد أيضا", "لقراءة المزيد", "للمزيد اقرأ", "طالع أيضا", "read also", "read more",
        "see also", "also read", "lire aussi", "à lire aussi", "à lire également", "بیشتر بخوانید",
        "همچنین بخوانید", "زیاتر بخوێنەرەوە",
    ]),
    phrase(Cue::Furniture, At::Whole, Zone::Anywhere, 6, &[
        "حجم النص", "حجم الخط", "تكبير الخط", "تصغير الخط", "تجاوز إلى المحتوى الرئيسي", "انتقل إلى المحتوى",
        "تخطي إلى المحتوى", "الانتقال إلى المحتوى", "استمع إلى المقال", "استمع للخبر", "استمع", "مدة القراءة",
        "القائمة الرئيسية", "القائمة", "بحث", "ابحث", "تسجيل الدخول", "تسجيل الخروج", "إنشاء حساب", "إعلان",
        "إعلانات", "اعلان", "مساحة إعلانية", "عودة إلى الأعلى", "أكمل القراءة", "اشترك الآن", "تحميل المزيد",
        "عرض المزيد", "شاهد المزيد", "جاري التحميل", "إخفاء التشكيل", "إظهار التشكيل", "انتهى", "skip to content", "skip to main content", "advertisement",
        "sponsored", "menu", "search", "log in", "login", "sign in", "sign up", "subscribe", "close",
        "toggle navigation", "listen to this article", "back to top", "home", "aller au contenu",
        "aller au contenu principal", "publicité", "se connecter", "connexion", "s abonner", "rechercher",
        "reklam", "giriş yap", "ana sayfa", "içeriğe geç", "پرش به محتوا", "جستجو", "ورود", "تبلیغات", "گەڕان",
        "چوونە ژوورەوە", "ڕیکلام",
    ]),
    phrase(Cue::Furniture, At::Start, Zone::Edge, 16, &[
        "جميع الحقوق محفوظة", "كل الحقوق محفوظة", "كافة الحقوق محفوظة", "حقوق النشر محفوظة", "حقوق الطبع",
        "سياسة الخصوصية", "شروط الاستخدام", "الشروط والأحكام", "من نحن", "اتصل بنا", "هيئة التحرير", "أعلن معنا",
        "تابعونا على", "تابعنا على", "تابعوا آخر", "اشترك في", "اشتركوا في", "انضم إلى قناتنا", "انضموا إلى",
        "حمل التطبيق", "حمّل تطبيق", "للاشتراك في", "all rights reserved", "privacy policy", "terms of use",
        "terms of service", "terms and conditions", "cookie policy", "contact us", "about us", "follow us",
        "subscribe to", "sign up for", "download our app", "join our", "tous droits réservés",
        "politique de confidentialité", "mentions légales", "nous contacter", "qui sommes nous", "suivez nous",
        "abonnez vous", "tüm hakları saklıdır", "gizlilik politikası", "bize ulaşın", "bizi takip edin",
        "تمامی حقوق", "کلیه حقوق", "درباره ما", "تماس با ما", "ما را در", "هەموو مافێک پارێزراوە",
        "مافی بڵاوکردنەوە", "دەربارەی ئێمە", "پەیوەندیمان پێوە بکە",
    ]),
    phrase(Cue::Furniture, At::Inside, Zone::Anywhere, 40, &[
        "جميع الحقوق محفوظة", "الحقوق محفوظة ©", "يستخدم هذا الموقع ملفات تعريف الارتباط",
        "نستخدم ملفات تعريف الارتباط", "ملفات تعريف الارتباط لتحسين", "هذا الموقع يستخدم الكوكيز",
        "all rights reserved", "this website uses cookies", "this site uses cookies", "we use cookies",
        "by continuing to use this site", "accept all cookies", "tous droits réservés",
        "ce site utilise des cookies", "nous utilisons des cookies", "tüm hakları saklıdır",
        "çerezleri kullanıyoruz", "çerez kullanıyoruz", "این سایت از کوکی", "please enable javascript",
    ]),
    phrase(Cue::Furniture, At::Start, Zone::Anywhere, 12, &[
        "جاري تحميل", "عرض المزيد من", "تحميل المزيد من", "فعل الإشعارات", "فعلوا الإشعارات", "تفعيل الإشعارات",
        "قيم المقال", "قيم الخبر", "قيم الموضوع", "قيم القصة", "تقييم المقال", "تقييم الخبر", "اشترك في النشرة",
        "اشترك في نشرتنا", "اشتركوا في النشرة", "اشتركوا في نشرتنا", "سجل في النشرة", "الاشتراك في النشرة",
        "معجب بهذه", "في الصفحة التالية",
    ]),
    phrase(Cue::Furniture, At::Start, Zone::Anywhere, 24, &[
        "إرسال بالبريد الإلكتروني كتابة مدونة", "صفحة للطباعة أرسل هذا المقال", "صفحة للطباعة أرسل هذا الخبر",
    ]),
    phrase(Cue::Furniture, At::Inside, Zone::Anywhere, 18, &[
        "اضغط هنا", "انقر هنا", "عبر قناتنا على", "قناتنا على التليجرام", "قناتنا على تليجرام", "قناتنا على تلغرام",
        "قناتنا على الواتساب", "قناتنا على واتساب", "لمجموعتنا في الواتساب", "لمجموعتنا على الواتساب",
        "اشترك عبر الرابط", "اشترك على الرابط", "في بريدك كل صباح", "في بريدك الإلكتروني كل", "إلى بريدك الإلكتروني كل",
        "المكون الإضافي للتعليقات", "comments plugin",
    ]),
    phrase(Cue::Furniture, At::Inside, Zone::Edge, 24, &[
        "يتم التشغيل بواسطة",
        "تصميم وتطوير", "مصمم بواسطة", "يحسن المشاهدة", "انشاء الصفحة", "إنشاء الصفحة",
    ]),
    phrase(Cue::Furniture, At::Inside, Zone::Anywhere, 30, &[
        "آراء أصحابها ولا تعبر", "عن رأي أصحابها ولا", "عن رأي كاتبها ولا", "رأي كاتبه ولا يعبر", "لا يعبر بالضرورة عن رأي",
        "لا تعبر بالضرورة عن رأي", "لا تمثل رأي الموقع", "لا تعبر عن رأي الموقع", "غير مسؤولة عن ما يرد",
        "غير مسئولة عن ما يرد", "غير مسؤولة عما يرد", "برخصة المشاع الإبداعي", "يتصفح الموقع حاليا",
    ]),
    phrase(Cue::Furniture, At::Whole, Zone::Edge, 3, &[
        "أوافق", "رفض", "قبول", "موافق", "حسنا", "تفعيل", "لاحقا", "ليس الآن", "المتواجدون الآن", "الصفحة التالية",
        "الصفحة السابقة", "التالي", "السابق", "رسالة أحدث", "رسالة أقدم", "عرض النسخة الكاملة", "نسخة سطح المكتب",
        "عدد زوار الموقع", "accept", "accept all", "reject", "decline", "allow", "next page", "previous page",
    ]),
    phrase(Cue::Furniture, At::Inside, Zone::Anywhere, 16, &[
        "انضم إلى قناتنا", "انضموا إلى قناتنا", "تابع قناتنا", "تابعوا قناتنا", "اشترك في قناتنا", "اشتركوا في قناتنا",
        "تابعونا على", "تابعنا على", "تابعوا صفحتنا", "لمتابعة آخر الأخبار", "حمل تطبيق", "حملوا تطبيق",
        "join our channel", "follow us on", "subscribe to our newsletter", "suivez nous sur", "kanalımıza abone",
        "کانال تلگرام ما", "مشاهدة الصورة بالحجم", "your browser does not support",
    ]),
    phrase(Cue::Furniture, At::Inside, Zone::Anywhere, 26, &[
        "right in your inbox", "straight to your inbox", "delivered to your inbox", "follow him on twitter",
        "follow her on twitter", "follow them on twitter", "follow us on twitter", "follow us on facebook",
        "this slideshow requires javascript", "affiliate commission", "this document is subject to copyright",
        "share it with a friend", "chat with us in", "our free newsletter", "free sunday newsletter",
        "dans votre boîte mail", "ایمیل خود دریافت کنید",
    ]),
    phrase(Cue::Furniture, At::Whole, Zone::Anywhere, 4, &[
        "next page", "previous page", "page suivante", "page précédente", "الصفحة التالية", "الصفحة السابقة", "صفحه بعد",
        "صفحه قبل", "sonraki sayfa", "önceki sayfa", "load more", "advert", "just watched", "must watch",
        "replay", "back to gallery", "explore further", "get short url", "sign me up", "see our offers", "عضویت", "ارسال به دوستان",
        "انتهای پیام",
    ]),
    phrase(Cue::Furniture, At::Start, Zone::Anywhere, 24, &[
        "جملہ حقوق", "ټول حقونه", "کلیه حقوق", "تمامی حقوق", "کلیه حقوق مادی", "هەموو مافێک پارێزراوە",
    ]),
    phrase(Cue::RelatedHead, At::Whole, Zone::Anywhere, 6, &[
        "auch interessant", "lesen sie auch", "lesen sie mehr zum thema", "mehr zum thema", "häufig gelesen",
        "meistgelesen", "meistgelesene artikel", "ähnliche artikel", "ähnliche beiträge", "verwandte artikel",
        "das könnte sie auch interessieren", "lee también", "te puede interesar", "también te puede interesar",
        "noticias relacionadas", "leia também", "leia mais", "veja também", "leggi anche", "articoli correlati",
        "potrebbe interessarti anche", "czytaj także", "czytaj też", "czytaj więcej", "zobacz także", "zobacz też",
        "читайте также", "смотрите также", "lees ook", "les også", "læs også", "läs också", "à découvrir",
        "taip pat skaitykite", "don t miss",
    ]),
    phrase(Cue::RelatedLine, At::Start, Zone::Anywhere, 30, &[
        "lesen sie auch", "lesen sie dazu", "mehr zum thema", "lee también", "leia também", "leggi anche",
        "czytaj także", "czytaj też", "czytaj więcej", "zobacz także", "читайте также", "lees ook", "les også",
        "læs også", "läs också",
    ]),
    phrase(Cue::Furniture, At::Whole, Zone::Anywhere, 8, &[
        "text size", "caption", "next prev", "sign in or create an account", "don t have an account create account",
        "anzeige", "werbung", "weitere videos", "player wird geladen", "empfohlener redaktioneller inhalt",
        "externen inhalt anzeigen", "mostrar comentarios", "publicidad", "publicidade", "pubblicità", "reklama",
        "реклама", "annonse", "annons",
    ]),
    phrase(Cue::Furniture, At::Start, Zone::Edge, 5, &[
        "lesezeit", "lesedauer", "tiempo de lectura", "tempo de leitura", "tempo di lettura", "czas czytania",
        "время чтения", "leestijd", "lesetid",
    ]),
    phrase(Cue::Furniture, At::Start, Zone::Anywhere, 40, &[
        "this copy is for your personal non commercial use only", "we apologize but this video has failed to load",
        "try refreshing your browser",
    ]),
    phrase(Cue::Furniture, At::Inside, Zone::Anywhere, 30, &["contributors are their own"]),
    phrase(Cue::CommentHead, At::Whole, Zone::Edge, 4, &["تبصرہ کریں", "تبصرے", "څرګندونې"]),
    phrase(Cue::RelatedHead, At::Whole, Zone::Anywhere, 4, &[
        "مزید پڑھیں", "یہ بھی پڑھیں", "متعلقہ خبریں", "تازہ ترین", "نور خبرونه", "اړوند خبرونه", "ورته خبرونه",
    ]),
    phrase(Cue::Tags, At::Whole, Zone::Edge, 3, &["برچسب‌ها", "ٹیگز", "etiketler"]),
    phrase(Cue::Share, At::Whole, Zone::Anywhere, 3, &["شریک کړئ", "شیئر کریں", "شئیر کریں", "ارسال به دوستان"]),
    phrase(Cue::Caption, At::Start, Zone::Anywhere, 30, &["فوٹو", "تصویر", "انځور"]),
    phrase(Cue::Furniture, At::Start, Zone::Edge, 16, &[
        "رابط مختصر", "الرابط المختصر", "رابط الخبر", "لینک کوتاه", "short link", "lien court", "حجم الخط", "حجم النص",
    ]),
    phrase(Cue::RelatedHead, At::Start, Zone::Tail, 6, &[
        "استطلاع رأي", "استطلاع الرأي", "مواقيت الصلاة", "more from", "more in", "more on", "المزيد من", "مزيد من الأخبار", "plus d articles", "autres articles",
        "dans la même rubrique", "اخبار بیشتر", "زیاتر لە",
    ]),
    phrase(Cue::Furniture, At::Start, Zone::Edge, 5, &[
        "day", "month", "year", "category", "archives", "عدد المشاهدات", "مشاهدات", "المشاهدات", "القراءات", "الزيارات", "عدد الزيارات", "عدد القراءات", "عدد الزوار",
        "وقت القراءة", "زمن القراءة", "رابط مختصر", "الرابط المختصر", "رمز الخبر", "کد خبر", "شناسه خبر",
        "لینک کوتاه", "reading time", "min read", "temps de lecture",
    ]),
    phrase(Cue::Paywall, At::Inside, Zone::Anywhere, 24, &[
        "اشترك لقراءة", "اشتركوا لقراءة", "اشترك لمتابعة القراءة", "اشترك لإكمال القراءة", "لمتابعة القراءة اشترك",
        "لإكمال القراءة اشترك", "لقراءة المقال كاملا", "لقراءة بقية المقال", "سجل الدخول لمتابعة القراءة",
        "سجل الدخول لقراءة", "هل أنت مشترك", "subscribe to continue", "subscribe to read", "to continue reading",
        "to keep reading", "to read the full article", "to read the full story", "already a subscriber",
        "register to read", "sign in to read", "unlock this article", "pour lire la suite", "de cet article à lire",
        "abonnez vous pour lire", "déjà abonné", "devamını okumak için abone", "برای خواندن ادامه",
    ]),
    phrase(Cue::Paywall, At::Start, Zone::Anywhere, 12, &[
        "للمشتركين فقط", "هذا المحتوى متاح للمشتركين", "هذا المقال متاح للمشتركين", "المقال متاح للمشتركين",
        "هذا المحتوى حصري للمشتركين", "هذا المقال حصري للمشتركين", "محتوى حصري للمشتركين", "محتوى مخصص للمشتركين",
        "this article is for subscribers", "this content is for subscribers", "for subscribers only",
        "subscribers only", "exclusive to subscribers", "article réservé aux abonnés",
        "cet article est réservé aux abonnés", "contenu réservé aux abonnés", "réservé aux abonnés",
        "abonelere özel", "ویژه مشترکان", "این مطلب ویژه مشترکان",
    ]),
    phrase(Cue::Continue, At::Whole, Zone::Tail, 4, &[
        "اقرأ المزيد", "إقرأ المزيد", "قراءة المزيد", "المزيد", "تتمة", "التتمة", "تابع القراءة", "أكمل القراءة",
        "read more", "continue reading", "read full article", "full story", "lire la suite", "devamını oku",
        "ادامه مطلب", "زیاتر بخوێنەرەوە",
    ]),
    phrase(Cue::Tags, At::Whole, Zone::Edge, 3, &[
        "الكلمات المفتاحية", "كلمات مفتاحية", "الكلمات الدلالية", "كلمات دلالية", "الوسوم", "وسوم", "العلامات",
        "تاجات", "تاغات", "هاشتاغ", "التسميات", "tags", "keywords", "topics", "mots clés", "étiquettes", "etiketler",
        "برچسب ها", "برچسبها", "کلیدواژه ها", "تاگەکان",
    ]),
    phrase(Cue::Tags, At::Start, Zone::Edge, 60, &[
        "الكلمات المفتاحية", "كلمات مفتاحية", "الكلمات الدلالية", "كلمات دلالية", "الوسوم", "وسوم", "العلامات",
        "التسميات", "tags", "keywords", "mots clés", "étiquettes", "etiketler", "برچسب ها", "برچسبها", "کلیدواژه ها",
        "تاگەکان",
    ]),
    phrase(Cue::Staff, At::Whole, Zone::Edge, 5, &[
        "الإشراف العام", "رئيس التحرير", "مدير التحرير", "رئيس مجلس الإدارة", "المدير العام", "المدير المسؤول",
        "رئيس مجلس الإدارة ورئيس التحرير", "مدير النشر", "نائب رئيس التحرير", "سكرتير التحرير", "صاحب الامتياز",
        "المشرف العام", "رئيس التحرير المسؤول", "رئيسة التحرير", "مديرة التحرير", "أمين التحرير", "أمينة التحرير",
        "المدير الناشر", "المديرة العامة", "الناشر", "editor in chief", "managing editor", "publisher",
        "directeur de la publication", "rédacteur en chef", "مدیر مسئول", "سردبیر", "صاحب امتیاز", "سەرنووسەر",
    ]),
    phrase(Cue::AuthorBox, At::Start, Zone::Tail, 8, &[
        "عن الكاتب", "نبذة عن الكاتب", "عن المؤلف", "مقالات الكاتب", "المزيد من مقالات الكاتب",
        "about the author", "more by this author", "à propos de l auteur", "درباره نویسنده", "دەربارەی نووسەر",
    ]),
    phrase(Cue::Credit, At::Start, Zone::Edge, 9, &[
        "المصدر", "المصادر", "مصدر الخبر", "نقلا عن", "عن وكالة", "وكالات", "خاص", "متابعة", "متابعات", "source",
        "sources", "kaynak", "منبع", "سەرچاوە", "ژێدەر",
    ]),
    phrase(Cue::Byline, At::Start, Zone::Edge, 18, &[
        "بقلم", "بواسطة", "نشر بواسطة", "نشرت بواسطة", "مرسلة بواسطة", "أرسلت بواسطة", "أرسل بواسطة", "كتب بواسطة",
        "أضيف بواسطة", "كتب", "كتبت", "كتبه", "كتبها", "تحرير", "إعداد", "أعده", "ترجمة", "الكاتب", "المحرر", "مراسل",
        "مراسلنا", "حاوره", "حاورها", "حاورته", "حاورتها", "حاورهم", "أجرى الحوار", "أجرت الحوار", "أجرى اللقاء", "حوار", "by", "written by", "edited by", "author", "par",
        "propos recueillis par", "haber", "текст", "автор", "نویسنده", "نوشته ی", "خبرنگار", "مترجم", "نووسین", "نووسەر", "ئامادەکردنی",
    ]),
    phrase(Cue::Byline, At::Start, Zone::Edge, 5, &["von", "por"]),
    phrase(Cue::Caption, At::Start, Zone::Anywhere, 30, &[
        "تصوير", "صورة", "الصورة", "صور", "مصدر الصورة", "صورة أرشيفية", "صورة تعبيرية", "التعليق على الصورة",
        "photo", "photo by", "image", "photograph", "file photo", "crédit photo", "credit photo", "illustration",
        "fotoğraf", "foto", "عکس", "تصویر", "وێنە",
    ]),
    phrase(Cue::Dateline, At::Start, Zone::Anywhere, 24, &[
        "نشر", "نشر في", "نشرت في", "تاريخ الإضافة", "تاريخ الخبر", "التاريخ", "أضيف في", "أضيف بتاريخ", "تم نشره",
        "آخر تعديل", "منشور", "تاريخ النشر", "تم النشر", "نشر بتاريخ", "آخر تحديث", "تم التحديث", "تحديث",
        "حرر في", "published", "published on", "posted", "posted on", "updated", "last updated",
        "first published", "publié le", "publié", "mis à jour le", "mis à jour", "modifié le", "yayınlanma",
        "yayın tarihi", "güncelleme", "giriş", "تاریخ انتشار", "تاریخ", "به روزرسانی", "بەروار",
        "بڵاوکراوەتەوە لە", "aktualisiert", "veröffentlicht", "publiziert", "stand", "actualizado", "publicado",
        "atualizado", "aggiornato", "pubblicato", "publisert", "oppdatert", "publicerad", "uppdaterad", "opublikowano",
        "aktualizacja", "aktualizováno", "опубликовано", "обновлено",
    ]),
];

/// Words of the longest line that any phrase may stand in.
pub(super) const LONGEST: usize = 60;

/// Words of share bars: a line of these and numbers alone is one.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const SHARE_WORDS: &[&str] = &[
    "فيسبوك", "الفيسبوك", "فيس", "بوك", "إلى", "صديق", "لصديق", "تويتر", "واتساب", "واتس", "الواتساب", "تلغرام", "تيليجرام", "تليجرام", "تيلغرام",
    "ماسنجر", "مسنجر", "لينكدإن", "لينكد", "لينكدان", "إن", "إنستغرام", "انستجرام", "انستغرام", "بينتيريست",
    "بنترست", "سكايب", "فايبر", "يوتيوب", "تيك", "توك", "سناب", "شات", "إكس", "بريد", "البريد", "الإلكتروني",
    "إلكتروني", "طباعة", "شارك", "مشاركة", "مشاركات", "شير", "غرد", "تغريدة", "تكبير", "تصغير", "الخط", "للطباعة", "نسخ", "انسخ", "الرابط", "رابط", "حفظ",
    "أرسل", "إرسال", "عبر", "على", "facebook", "twitter", "x", "whatsapp", "telegram", "messenger", "linkedin",
    "pinterest", "reddit", "tumblr", "instagram", "youtube", "tiktok", "viber", "skype", "threads", "bluesky",
    "email", "e", "mail", "print", "share", "shares", "tweet", "copy", "link", "rss", "on", "via", "partager",
    "imprimer", "envoyer", "paylaş", "yazdır", "فیسبوک", "فیس", "بوک", "توییتر", "واتساپ", "تلگرام", "لینکدین",
    "چاپ", "ایمیل", "فەیسبووک", "تویتەر", "ٹوئٹر", "واٹس", "ایپ", "بک", "فېسبوک", "ټیلیګرام",
];

/// Words that count a page's readers.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const COUNTER_WORDS: &[&str] = &[
    "مشاهدة", "مشاهدات", "مشاهده", "قراءة", "قراءات", "تعليق", "تعليقات", "التعليقات", "المشاهدات", "دقيقة", "دقائق",
    "للقراءة", "زيارة", "إعجاب", "إعجابات", "قرئت", "مرة", "زائر", "صوتا", "صوت", "views", "view", "reads", "comments", "comment", "likes", "shares",
    "min", "mins", "read", "minutes", "vues", "commentaires", "lectures", "بازدید", "نظر", "yorum", "görüntülenme",
    "k", "m",
];

/// Words of language switches and the like, at the very head.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const SWITCH_WORDS: &[&str] = &[
    "english", "en", "french", "français", "fr", "العربية", "عربي", "عربى", "ar", "arabic", "türkçe", "tr", "فارسی",
    "fa", "kurdî", "kurdi", "کوردی", "سۆرانی", "kurmancî", "español", "es", "deutsch", "de", "русский", "ru",
    "עברית", "中文",
];

/// Months, weekdays and what stands beside a date; a line of these and numbers
/// is a dateline.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const DATE_WORDS: &[&str] = &[
    "يناير", "فبراير", "مارس", "أبريل", "إبريل", "مايو", "يونيو", "يونيه", "يوليو", "يوليه", "أغسطس", "سبتمبر",
    "أكتوبر", "نوفمبر", "ديسمبر", "كانون", "الثاني", "الأول", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز",
    "آب", "أيلول", "تشرين", "جانفي", "فيفري", "أفريل", "ماي", "جوان", "جويلية", "أوت", "يوليوز", "غشت", "شتنبر",
    "نونبر", "دجنبر", "نشر", "نشرت", "آخر", "تحديث", "التحديث", "gst", "ast", "توقيت", "محرم", "صفر", "ربيع", "الآخر", "جمادى", "الأولى", "الآخرة", "الثانية", "رجب", "شعبان",
    "رمضان", "شوال", "ذو", "ذي", "القعدة", "الحجة", "السبت", "الأحد", "الاثنين", "الإثنين", "الثلاثاء", "الأربعاء",
    "الخميس", "الجمعة", "يوم", "هـ", "ه", "م", "ص", "الساعة", "صباحا", "مساء", "ظهرا", "فجرا", "بتوقيت", "غرينتش",
    "غرينيتش", "جرينتش", "مكة", "القاهرة", "المحلي", "دمشق", "بيروت", "من", "في", "منذ", "بتاريخ", "ساعة", "ساعات",
    "دقيقة", "دقائق", "أيام", "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
    "dec", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "wed", "thu",
    "fri", "sat", "sun", "am", "pm", "gmt", "utc", "est", "edt", "cet", "at", "on", "of", "t", "z", "h", "st", "nd",
    "rd", "th", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
    "novembre", "décembre", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "à", "le", "er",
    "ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık",
    "pazartesi", "salı", "çarşamba", "perşembe", "cuma", "cumartesi", "pazar", "فروردین", "اردیبهشت", "خرداد", "تیر",
    "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند", "شنبه", "یکشنبه", "دوشنبه", "سه", "چهارشنبه",
    "پنجشنبه", "جمعه", "ژانویه", "فوریه", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر",
    "دسامبر", "ساعت", "کانوونی", "دووەم", "یەکەم", "شوبات", "ئازار", "نیسان", "ئایار", "حوزەیران", "تەمموز", "ئاب",
    "ئەیلوول", "تشرینی", "کاتژمێر", "شەممە", "هەینی", "جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون", "جولائی",
    "اگست", "ستمبر", "نومبر", "دسمبر", "مې", "جولای", "سپتمبر", "last", "modified", "updated", "published", "ago",
    "januar", "jänner", "februar", "märz", "juni", "juli", "oktober", "dezember", "montag", "dienstag", "mittwoch",
    "donnerstag", "freitag", "samstag", "sonntag", "uhr", "kl", "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre", "lunes", "martes", "miércoles", "jueves",
    "viernes", "sábado", "domingo", "janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro",
    "novembro", "dezembro", "gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre",
    "dicembre", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "januari", "februari",
    "maart", "mei", "augustus", "desember", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag",
    "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października",
    "listopada", "grudnia", "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
    "октября", "ноября", "декабря",
];

/// Words of the boxes with prayer times, exchange rates and the weather.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const WIDGET_WORDS: &[&str] = &[
    "الإمساك", "الفجر", "الشروق", "الظهر", "العصر", "المغرب", "العشاء", "دولار", "الدولار", "يورو", "اليورو", "أورو",
    "ريال", "الريال", "دينار", "الدينار", "درهم", "الدرهم", "جنيه", "الجنيه", "ليرة", "الليرة", "إسترليني", "أمريكي",
    "أميركي", "سعودي", "أردني", "كويتي", "إماراتي", "شراء", "بيع", "العملة", "ذهب", "الذهب", "عيار", "مثقال", "نفط",
    "النفط", "برنت", "خام", "الطقس", "صحو", "غائم", "مشمس", "ممطر", "رطب", "الرطوبة", "رياح", "الرياح", "غيوم", "متناثرة",
    "أمطار", "رعدية", "كم", "س", "ص", "م", "c", "km", "h",
];

/// News agencies and the like, as they stand alone under a title.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const AGENCIES: &[&str] = &[
    "رويترز", "أ ف ب", "أف ب", "ا ف ب", "أ.ف.ب", "فرانس برس", "فرانس 24", "أسوشيتد برس", "أ ب", "د ب أ", "د ب ا",
    "الأناضول", "وكالة الأناضول", "سبوتنيك", "شينخوا", "تاس", "نوفوستي", "سانا", "واع", "وفا", "وام", "بترا", "قنا",
    "كونا", "واس", "بنا", "وال", "وات", "واج", "ومع", "و م ع", "أ ش أ", "سونا", "سبأ", "إيفي", "إرنا", "فارس",
    "تسنيم", "مهر", "إيسنا", "وكالات", "الوكالات", "بي بي سي", "سي إن إن", "الجزيرة", "العربية", "سكاي نيوز",
    "دويتشه فيله", "reuters", "afp", "ap", "associated press", "dpa", "anadolu", "aa", "xinhua", "tass", "efe",
    "ansa", "irna", "isna", "tasnim", "agencies", "agence france presse", "map", "aps", "tap", "رووداو",
    "رووداو دیجیتاڵ", "کوردستان24", "ایسنا", "ایرنا", "تسنیم", "خبرگزاری مهر", "خبرگزاری فارس", "ajansı", "iha",
    "dha",
];

/// Sections of a news site: a short line before the title.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const SECTIONS: &[&str] = &[
    "الرئيسة", "سينما", "مسرح", "كتب", "موسيقى", "شعر", "دراسات", "البث المباشر", "بث مباشر", "مباشر", "فيديو", "صور", "بودكاست", "برامج", "جهات", "وطني", "محافظات", "عرب",
    "الخليج", "أخبار مصر", "أخبار الخليج", "سيارات", "صحة وطب", "لايف ستايل", "مرأة", "دين", "كاريكاتير",
    "سياسة", "السياسة", "اقتصاد", "الاقتصاد", "رياضة", "الرياضة", "ثقافة", "الثقافة", "فن", "فنون", "منوعات",
    "أخبار", "الأخبار", "آخر الأخبار", "أخبار عاجلة", "عاجل", "محليات", "أخبار محلية", "محلي", "دولي", "دوليات",
    "أخبار دولية", "عربي", "عربي ودولي", "عربية ودولية", "أخبار عربية", "العالم", "العالم العربي", "الشرق الأوسط",
    "تقارير", "تحقيقات", "تحقيق", "حوارات", "مقالات", "رأي", "آراء", "الرأي", "تحليل", "تكنولوجيا", "تقنية", "علوم",
    "صحة", "مجتمع", "حوادث", "قضايا", "بيئة", "سياحة", "تعليم", "ملفات", "اخترنا لكم", "الرئيسية", "أسواق",
    "مال وأعمال", "كتاب وآراء", "خاص", "سوريا", "لبنان", "العراق", "مصر", "فلسطين", "الأردن", "السعودية", "الإمارات",
    "الكويت", "قطر", "اليمن", "ليبيا", "تونس", "الجزائر", "المغرب", "السودان", "إيران", "تركيا", "politics", "world",
    "business", "economy", "sports", "sport", "opinion", "culture", "technology", "tech", "health", "science",
    "news", "latest news", "middle east", "analysis", "features", "politique", "monde", "économie", "société",
    "culture et médias", "international", "actualités", "sports et loisirs", "gündem", "dünya", "ekonomi", "spor",
    "siyaset", "سیاسی", "اقتصادی", "ورزشی", "فرهنگی", "جهان", "بین الملل", "اجتماعی", "سیاسەت", "ئابووری", "وەرزش",
    "کوردستان", "جیهان", "عێراق", "هەواڵ", "پاکستان", "دنیا", "کھیل", "کاروبار", "افغانستان", "نړۍ", "لوبې", "استان‌ها",
    "گزارش", "گفت‌وگو", "reportage", "essays", "local", "yerel", "actualité", "eğitim", "sağlık", "kültür",
];

/// Items of a breadcrumb that name no section.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const GENERIC_CRUMBS: &[&str] = &[
    "الرئيسية", "الرئيسة", "الصفحة الرئيسية", "أخبار", "الأخبار", "home", "news", "accueil", "actualités", "ana sayfa",
    "haberler", "خانه", "صفحه اصلی", "سەرەکی",
];

/// Small words that say nothing of a text's subject.
#[rustfmt::skip] // one entry a line would hide the table
pub(super) const STOP_WORDS: &[&str] = &[
    "في", "من", "على", "إلى", "عن", "مع", "أن", "إن", "التي", "الذي", "هذا", "هذه", "ذلك", "بعد", "قبل", "بين",
    "كما", "ما", "لا", "لم", "لن", "قد", "كان", "كانت", "هو", "هي", "كل", "أو", "ثم", "حتى", "عبر", "خلال", "غير",
    "أكثر", "أول", "يوم", "عام", "the", "of", "and", "to", "in", "a", "for", "on", "is", "with", "at", "by", "from",
    "as", "le", "la", "les", "de", "des", "du", "et", "en", "un", "une", "à", "که", "در", "به", "از", "را", "با",
    "این", "لە", "بۆ",
];
