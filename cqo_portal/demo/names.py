"""Invented enterprises, people and numbers. Numbers carry right check digits, so that the portal takes them."""

from dataclasses import dataclass
from datetime import date
from random import Random

from stdnum.cn import uscc

from registry.rules import CREDIT_CODE_ALPHABET, ORGANISATION_WEIGHTS, RESIDENT_WEIGHTS


@dataclass(frozen=True)
class FirmRow:
    """An enterprise as invented: where it sits, what it does, and which story of ``stories.PLOTS`` it lives."""

    county: str
    name: str
    industry: str
    size: str
    plot: str


# The first two have accounts to sign in with; the next ones show each kind of story, for a small demo.
_FIRMS = """
441802 清远市凌岳陶瓷有限公司 C large flagship
441881 英德市浛翠红茶有限公司 C medium newcomer
441802 清远市恒澜再生铜业有限公司 C large renewed
441821 佛冈县石衡新型建材有限公司 C medium waiting
441802 清远市鼎穗包装材料有限公司 C small returned
441882 连州市龙屿电机有限公司 C medium checked
441802 清远市锦岑铝型材有限公司 C medium superseded
441803 清远市清新区岱岗纸业有限公司 C medium ending_soon
441823 阳山县秤岭竹木制品有限公司 C micro counter
441881 英德市黎湾纸业有限公司 C small withdrawn
441802 清远市北江源食品有限公司 C medium steady
441825 连山壮族瑶族自治县吉稔有机米业有限公司 C small steady
441826 连南瑶族自治县寨珑稀土材料有限公司 C medium renewed
441881 英德市峦丰水泥有限公司 C large renewed
441803 清远市清新区滨澜铜材有限公司 C medium dismissed
441821 佛冈县水穗粮油有限公司 C small overdue
441881 英德市英岚茶业有限公司 C small waiting
441802 清远市宏篆装饰材料有限公司 C small lapsed
441821 佛冈县振衡五金制品有限公司 C small early
441881 英德市连湾食品有限公司 C small corrected
441802 清远市飞霞泉饮用水有限公司 C small with_opinion
441881 英德市大栩环保材料有限公司 C medium resigned
441823 阳山县黎桦矿业有限公司 B small closed
441802 清远市百屿冷链物流有限公司 G small drafting
441881 英德市九珑豆制品有限公司 C micro idle
441802 清远市云湖精细化工有限公司 C medium waiting
441802 清远市睿衡电子科技有限公司 C medium checked
441802 清远市穗岳机电设备有限公司 C small counter
441802 清远市迎岚燃气有限公司 D medium renewed
441802 清远市启屿日用品有限公司 C small overdue
441802 清远市澜桥建设工程有限公司 E medium corrected
441803 清远市清新区石珩水泥有限公司 C large renewed
441803 清远市清新区禾岗陶瓷有限公司 C large steady
441803 清远市清新区太岑米业有限公司 C small waiting
441803 清远市清新区桃屿饲料有限公司 C small withdrawn
441803 清远市清新区龙桦印刷包装有限公司 C small checked
441803 清远市清新区山岚线缆有限公司 C medium renewed
441803 清远市清新区三禾农业发展有限公司 A small steady
441803 清远市清新区安桦家具有限公司 C micro returned
441821 佛冈县汤泓电路板有限公司 C medium renewed
441821 佛冈县迳衡光伏玻璃有限公司 C large steady
441821 佛冈县龙泓饮料有限公司 C small superseded
441821 佛冈县羚峡山泉水有限公司 C micro with_opinion
441821 佛冈县田稔生物肥业有限公司 C small resigned
441823 阳山县岚拱水泥有限公司 C large renewed
441823 阳山县岭珩碳酸钙有限公司 C medium checked
441823 阳山县连泓水电有限公司 D small steady
441823 阳山县西岭山蜜食品有限公司 C micro waiting
441825 连山壮族瑶族自治县福桦木业有限公司 C small waiting
441825 连山壮族瑶族自治县小江淀粉有限公司 C micro lapsed
441826 连南瑶族自治县三岭瑶茶有限公司 C small steady
441826 连南瑶族自治县大珑有色金属有限公司 C small waiting
441881 英德市瀚翎精细化工有限公司 C medium ending_soon
441881 英德市沙岳有色金属有限公司 C large checked
441881 英德市横衡涂料有限公司 C medium returned
441881 英德市桥泓香料有限公司 C small with_opinion
441882 连州市星珩硅灰石粉体有限公司 C medium renewed
441882 连州市保岭碳酸钙有限公司 C medium dismissed
441882 连州市湟泓腊味食品有限公司 C small ending_soon
441882 连州市菜稔农业有限公司 A small waiting
"""
FIRMS = tuple(FirmRow(*line.split()) for line in _FIRMS.split("\n") if line)

FAMILY_NAMES = ("欧阳", *"陈李黄张梁刘吴何谢罗邓朱曾钟温植房唐盘林郑潘邱范冯莫赖蓝廖")
GIVEN_FIRST = "志文建国伟俊海家子晓雅丽美思嘉永德明学振丹秀春锦泽宏"
GIVEN_SECOND = "强华明军辉杰峰燕玲敏霞斌涛婷芳荣光平兰林生宇坤琳瑶贤"
# Beside the usual: characters that small fonts lack, and a name with 间隔号.
RARE_NAMES = ("刘䶮", "陈㛃", "古丽娜尔·艾山")
BUREAU_NAMES = {
    "municipal": "周启衡",
    "municipal-2": "沈若岚",
    "administrator": "韦承志",
    "county-441802": "梁景行",
    "county-441803": "温雅琴",
    "county-441821": "范志远",
    "county-441823": "欧阳明",
    "county-441825": "莫云珊",
    "county-441826": "房瑶生",
    "county-441881": "邓清和",
    "county-441882": "黄秋澜",
    "trainer": "罗育才",
    "trainer-2": "钟敏仪",
}
SCHOOLS = ("北江理工大学", "岭南工业大学", "粤北工程学院", "珠江科技大学", "南岭职业技术学院")
MAJORS = ("质量管理工程", "材料科学与工程", "食品质量与安全", "化学工程与工艺", "机械设计制造及其自动化")
TRAINING_BODIES = ("北江质量技术培训中心", "清远市企业质量促进中心")
DIVISIONS = ("441802", "441803", "441821", "441823", "441825", "441826", "441881", "441882")
OLD_DIVISIONS = ("441827", "441822", "441824")  # as papers issued before the renamings carry them


class Names:
    """Hands out people and numbers, each once, the same ones for the same seed."""

    def __init__(self, random: Random):
        self.random = random
        self.given: set[str] = set()
        self.rare = list(RARE_NAMES)

    def _once(self, invent) -> str:
        while (value := invent()) in self.given:
            pass
        self.given.add(value)
        return value

    def candidate(self) -> str:
        """A name of somebody put on file: now and then a rare one."""
        return self.rare.pop() if self.rare and self.random.random() < 0.05 else self.person()

    def person(self) -> str:
        """A person's name."""
        return self._once(self._person)

    def _person(self) -> str:
        family = self.random.choice(FAMILY_NAMES)
        second = self.random.choice(GIVEN_SECOND) if self.random.random() < 0.8 else ""
        return family + self.random.choice(GIVEN_FIRST) + second

    def phone(self) -> str:
        """A mobile number of a block that looks like no subscriber's."""
        return self._once(lambda: f"1990763{self.random.randrange(10_000):04d}")

    def resident_id(self, born: date) -> str:
        """A resident ID number with a right check character (GB 11643)."""
        return self._once(lambda: self._resident_id(born))

    def _resident_id(self, born: date) -> str:
        division = self.random.choice(OLD_DIVISIONS if born.year < 1988 else DIVISIONS)
        body = f"{division}{born:%Y%m%d}{self.random.randrange(1, 1000):03d}"
        total = sum(int(c) * w for c, w in zip(body, RESIDENT_WEIGHTS, strict=True))
        return body + "10X98765432"[total % 11]

    def credit_code(self) -> str:
        """A credit code with both check characters right (GB 32100, GB 11714)."""
        return self._once(self._credit_code)

    def _credit_code(self) -> str:
        organisation = "MA" + "".join(self.random.choices(CREDIT_CODE_ALPHABET, k=6))
        total = sum(int(c, 36) * w for c, w in zip(organisation, ORGANISATION_WEIGHTS, strict=True))
        check = {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))
        code = f"91441800{organisation}{check}"
        return code + uscc.calc_check_digit(code)
