"""Short words by which languages are told apart: articles, prepositions, and what certificates always say.

As a model for another language may have read them, marks on letters are left out: ``fold``. A word that
two of these languages have in common tells nothing and is not counted: ``TELLING``.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping

_LETTERS = str.maketrans({"ß": "ss", "ı": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})

#: Codes are those of Tesseract's models.
_WORDS: Mapping[str, str] = {
    "deu": """der die das und ist nicht ein eine einer eines einem einen des dem den im von mit für auf sich
        zu zum zur bei wird werden wurde auch als aus nach wie oder sind sie ich ihr ihre ihrer ihnen hat
        haben durch dass wenn über bis vom nur noch kann vor unter sehr geehrte herr herrn frau am um uns wir
        diese dieser dieses keine kein sowie gemäß geboren sein seine seiner abs bitte""",
    "eng": """the of and to that is it for with on by this be at are from or have has not which you your we
        our he she they their his will would been any may were shall who its can there such other than but
        please should upon these those had if born no into""",
    "fra": """le la les du et est une un dans que qui pour par sur au aux ne pas ce cette ces ses son sont
        été il elle nous vous avec ou leur mais comme sous entre fait être de né née lieu nom prénom date
        acte sont ont leurs cet dont""",
    "tur": """ve bir bu ile için olan olarak de da den dan gibi daha kadar sonra göre ise olup veya her
        değil tarihinde tarihi tarih tarihli adı soyadı doğum yeri yer nüfus belge belgenin baba anne
        müdürlüğü cumhuriyeti türkiye üzere tarafından olmak olduğu edilmiştir sayılı kanun evli kimlik
        kayıt ilçe ilçesi yılında ait olmadığı bulunan""",
    "nld": """het een van voor niet zijn op met dat aan ook bij naar wordt deze die de en is te in door
        werd heeft hij geboren""",
    "ita": """di il che della del con per non una un sono nel alla dei gli le la da al si è nato nata
        presso questo delle""",
    "spa": """el los las del por con para una un se como su al esta que de la en no es fue nacido
        nacida""",
    "pol": """się nie do jest oraz przez dla od po za ze na który która jego jej są został urodzenia imię
        nazwisko urząd dnia""",
    "ron": """și în cu pe din este sau al nu ca care prin pentru sunt la de un născut numele data a fost""",
    "sqi": """dhe në të se për me nga është që një nuk si janë lindur emri mbiemri datë""",
    "hrv": """je na se da za od su koji kao nije ili što sa rođen ime prezime dana iz""",
    "rus": """и в не на что с по как из от для о об у к при за год года году был была является имени выдано
        выдана рождения города или это его настоящая настоящее фамилия отчество место дата об""",
    "ukr": """та і й в у що з від до про для або це є не на року році по під як народження видано його
        прізвище місце дата міста цю ім'я батькові при за""",
    "bul": """и в на се за от са да по не е с до като което която дата град роден родена има""",
    "ara": """في من على إلى عن أن قد هذا هذه التي الذي وقد بن بنت تاريخ رقم اسم لا كل ولم مكان
        الولادة وذلك بأن أي عبد""",
    "fas": """و در به از که این را با است می شود های برای تاریخ شماره نام بر آن یا شد شده باشد می‌شود
        می‌باشد تا خانم آقای محل فرزند ایشان""",
    "urd": """کے کی کا میں سے ہے اور کو نے پر ہیں یہ""",
}


def fold(word: str) -> str:
    """Small letters without marks, Persian forms of letters as Arabic ones."""
    apart = unicodedata.normalize("NFKD", word.translate(_LETTERS).casefold().translate(_LETTERS))
    return "".join(char for char in apart if not unicodedata.combining(char))


def _telling() -> dict[str, frozenset[str]]:
    folded = {code: {fold(word) for word in words.split()} for code, words in _WORDS.items()}
    shared = Counter(word for words in folded.values() for word in words)
    return {code: frozenset(w for w in words if shared[w] == 1) for code, words in folded.items()}


#: The folded words that only this one of the languages has.
TELLING: Mapping[str, frozenset[str]] = _telling()
