"""What searching is measured by: thirty words in each of ten languages, a catalogue of them, words written two ways.

* Khmer and Burmese are joined as they are in print: spaces between phrases only.
* The same lot gives the same catalogue.
"""

import random
from dataclasses import dataclass

JOINED = frozenset({"km", "my"})
PHRASE_WORDS = 7
TITLE_WORDS = 6
ABOUT_WORDS = 28

_WORDS = {
    "en": (
        "school water science mathematics teacher book lesson physics history language chemistry energy light "
        "force student university computer network health agriculture economy law art music motion cell plant "
        "animal earth education"
    ),
    "fr": (
        "école eau sciences mathématiques professeur livre leçon physique histoire langue chimie énergie "
        "lumière force élève université ordinateur réseau santé agriculture économie droit art musique "
        "mouvement cellule plante animal terre éducation"
    ),
    "ar": (
        "مدرسة ماء علوم الرياضيات معلم كتاب درس الفيزياء تاريخ لغة الكيمياء الطاقة الضوء القوة طالب جامعة "
        "حاسوب برمجة شبكة صحة زراعة اقتصاد قانون فن موسيقى حركة خلية نبات حيوان أرض"
    ),
    "ur": (
        "اسکول پانی سائنس ریاضی استاد کتاب سبق طبیعیات تاریخ زبان کیمیا توانائی روشنی قوت طالب جامعہ کمپیوٹر "
        "نیٹ ورک صحت زراعت معیشت قانون فن موسیقی حرکت خلیہ پودا جانور زمین"
    ),
    "km": (
        "សាលារៀន ទឹក វិទ្យាសាស្ត្រ គណិតវិទ្យា គ្រូ សៀវភៅ មេរៀន រូបវិទ្យា ប្រវត្តិវិទ្យា ភាសា គីមីវិទ្យា ថាមពល "
        "ពន្លឺ កម្លាំង សិស្ស សាកលវិទ្យាល័យ កុំព្យូទ័រ បណ្តាញ សុខភាព កសិកម្ម សេដ្ឋកិច្ច ច្បាប់ សិល្បៈ តន្ត្រី "
        "ចលនា កោសិកា រុក្ខជាតិ សត្វ ផែនដី អប់រំ"
    ),
    "my": (
        "ကျောင်း ရေ သိပ္ပံ သင်္ချာ ဆရာ စာအုပ် သင်ခန်းစာ ရူပဗေဒ သမိုင်း ဘာသာစကား ဓာတုဗေဒ စွမ်းအင် အလင်း အား "
        "ကျောင်းသား တက္ကသိုလ် ကွန်ပျူတာ ကွန်ရက် ကျန်းမာရေး စိုက်ပျိုးရေး စီးပွားရေး ဥပဒေ အနုပညာ ဂီတ "
        "ရွေ့လျားမှု ဆဲလ် အပင် တိရစ္ဆာန် ကမ္ဘာ ပညာရေး"
    ),
    "si": (
        "පාසල ජලය විද්‍යාව ගණිතය ගුරුවරයා පොත පාඩම භෞතික ඉතිහාසය භාෂාව රසායන ශක්තිය ආලෝකය බලය ශිෂ්‍යයා "
        "විශ්වවිද්‍යාලය පරිගණක ජාලය සෞඛ්‍යය කෘෂිකර්මය ආර්ථික නීතිය කලාව සංගීතය චලිතය සෛලය ශාක සත්ව පෘථිවිය "
        "අධ්‍යාපනය"
    ),
    "ta": (
        "பள்ளி நீர் அறிவியல் கணிதம் ஆசிரியர் புத்தகம் பாடம் இயற்பியல் வரலாறு மொழி வேதியியல் ஆற்றல் ஒளி விசை "
        "மாணவர் பல்கலைக்கழகம் கணினி வலையமைப்பு சுகாதாரம் விவசாயம் பொருளாதாரம் சட்டம் கலை இசை இயக்கம் செல் "
        "தாவரம் விலங்கு பூமி கல்வி"
    ),
    "ms": (
        "sekolah air sains matematik guru buku pelajaran fizik sejarah bahasa kimia tenaga cahaya daya "
        "pelajar universiti komputer rangkaian kesihatan pertanian ekonomi undang seni muzik gerakan sel "
        "tumbuhan haiwan bumi pendidikan"
    ),
    "fil": (
        "paaralan tubig agham matematika guro aklat aralin pisika kasaysayan wika kimika enerhiya liwanag "
        "puwersa estudyante unibersidad kompyuter ugnayan kalusugan agrikultura ekonomiya batas sining musika "
        "galaw selula halaman hayop daigdig edukasyon"
    ),
}
WORDS = {language: words.split() for language, words in _WORDS.items()}

VARIANTS = [
    ("Arabic harakat", "مُدَرِّسَة الفيزياء", "مدرسة"),
    ("Arabic article al-", "المدرسة الابتدائية", "مدرسة"),
    ("Arabic ta marbuta/ha", "مدرسة", "مدرسه"),
    ("Arabic alef hamza", "أرض", "ارض"),
    ("Arabic tatweel", "علـــوم", "علوم"),
    ("Urdu/Arabic yeh+kaf", "کتاب", "كتاب"),
    ("Sinhala ZWJ dropped", "විද්\u200dයාව", "විද්යාව"),
    ("Tamil inflected", "பள்ளியில்", "பள்ளி"),
    ("Khmer inside phrase", "មេរៀនគណិតវិទ្យាថ្នាក់ទី១០", "គណិតវិទ្យា"),
    ("Khmer ZWSP between words", "មេរៀន\u200bគណិតវិទ្យា", "មេរៀនគណិត"),
    ("Khmer 2 char", "ទឹក", "ទឹ"),
    ("Burmese inside phrase", "ကျောင်းသားများအတွက်သိပ္ပံ", "သိပ္ပံ"),
    ("Burmese short word", "ရေနှင့်လေ", "ရေ"),
    ("French accents", "énergie", "energie"),
    ("French NFD", "e\u0301cole", "école"),
    ("Digits Khmer/Latin", "ថ្នាក់ទី១០", "10"),
    ("Digits Arabic-Indic", "الصف ١٠", "10"),
]
"""What is asked: what it is, as it stands in a course, as somebody types it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One course of the made catalogue, and the words that it was made of."""

    language: str
    title: str
    about: str
    words: frozenset[str]


def catalogue(items: int, draws: random.Random) -> list[Item]:
    """So many courses, each in one language, of words drawn by lot."""
    return [_item(draws.choice(list(WORDS)), draws) for _ in range(items)]


def _item(language: str, draws: random.Random) -> Item:
    title = draws.choices(WORDS[language], k=TITLE_WORDS)
    about = draws.choices(WORDS[language], k=ABOUT_WORDS)
    return Item(language, _printed(language, title), _printed(language, about), frozenset(title + about))


def _printed(language: str, words: list[str]) -> str:
    if language not in JOINED:
        return " ".join(words)
    return " ".join("".join(words[at : at + PHRASE_WORDS]) for at in range(0, len(words), PHRASE_WORDS))
