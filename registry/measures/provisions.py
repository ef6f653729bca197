"""What the portal knows of a measure: its provisions, and the lists that it can carry out as they are alone."""

# What the portal knows of a measure is its provisions, each named by its clause path in the model, Qingyuan's. A file
# whose articles are numbered otherwise says of a clause which provision it carries. On these the portal's rules stand:
# without one of them the portal would do what the measure does not say, so a file must carry each.
PROVISIONS = {
    "2": "同一企业同时只有一名首席质量官",
    **{f"5.({n})": "授权书和履职报告逐项列出的职责" for n in range(1, 6)},
    **{f"6.({n})": "任职条件核对表中的一项" for n in range(1, 6)},
    "8.1": "发给培训证书",
    "8.2": "纳入人才库和继续教育",
    "9": "企业自愿任命，质监部门登记备案",
    "11": "企业任命、授权、颁发聘书和聘任期限",
    "12.(2)": "建议解除聘任",
    **{f"12.(2).({n})": "建议解除聘任的情形" for n in range(1, 4)},
    "13": "由市局解释",
    "14": "施行日期和有效期",
}
# The rest of the model: where a measure has no such clause nothing is cited, and everything works.
OPTIONAL_PROVISIONS = ("1", "3.1", "3.2", "4", "5", "5.(4).2", "5.(6)", "6", "7", "10", "12", "12.(1)")

# The items that the portal goes through one by one. Where a measure adds one, the portal would pass over it.
CLOSED_LISTS = {
    "职责": tuple(f"5.({n})" for n in range(1, 7)),
    "任职条件": tuple(f"6.({n})" for n in range(1, 6)),
    "建议解除聘任的情形": tuple(f"12.(2).({n})" for n in range(1, 4)),
}
