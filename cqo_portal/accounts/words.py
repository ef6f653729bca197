"""What allauth says here: mails and texts by the name of its template, messages on pages, and refusals."""

from typing import NamedTuple


class Words(NamedTuple):
    """A mail's subject and text; an SMS is the text alone. ``{code}`` and ``{origin}`` are filled in."""

    subject: str
    text: str


CODE = "验证码：{code}，15 分钟内有效。请勿告诉他人；不是本人操作的，不用理会。"
MAILS = {
    "account/email/email_confirmation": Words("邮箱验证码", CODE),
    "account/email/email_confirmation_signup": Words("注册验证码", CODE),
    "account/email/password_reset_code": Words("找回密码的验证码", CODE),
    "account/email/account_already_exists": Words(
        "您已有账号",
        "有人用这个地址注册账号，而它已有账号。是您本人的，请直接登录，或者在登录页找回密码：{origin}。不是本人操作的，不用理会。",
    ),
    "account/email/unknown_account": Words(
        "没有这个账号",
        "有人用这个地址找回密码，而它没有账号。是您本人的，请先注册：{origin}。不是本人操作的，不用理会。",
    ),
}
# What was changed in the ways to sign in: told to whose account it is.
CHANGES = {
    "account/email/password_changed": "更改了密码",
    "account/email/password_reset": "重新设置了密码",
    "account/email/password_set": "设置了密码",
    "account/email/email_changed": "更改了电子邮箱",
    "account/email/email_confirm": "核实了电子邮箱",
    "account/email/email_deleted": "删除了电子邮箱",
    "mfa/email/totp_activated": "启用了动态口令",
    "mfa/email/totp_deactivated": "停用了动态口令",
    "mfa/email/recovery_codes_generated": "生成了新的恢复码",
    "mfa/email/webauthn_added": "添加了通行密钥",
    "mfa/email/webauthn_removed": "移除了通行密钥",
}
NOTES = {
    "account/messages/password_changed.txt": "密码已更改。其他设备上的登录已退出。",
    "account/messages/email_confirmation_sent.txt": "验证码已发送。",
    "account/messages/phone_verification_sent.txt": "验证码已发送。",
    "account/messages/email_confirmed.txt": "电子邮箱已核实。",
    "account/messages/phone_verified.txt": "手机号码已核实。",
    "account/messages/email_confirmation_failed.txt": "这个邮箱不能使用。",
    "mfa/messages/totp_activated.txt": "动态口令已启用。",
    "mfa/messages/totp_deactivated.txt": "动态口令已停用。",
    "mfa/messages/webauthn_added.txt": "通行密钥已添加。",
    "mfa/messages/webauthn_removed.txt": "通行密钥已移除。",
    "usersessions/messages/sessions_logged_out.txt": "所选的登录已退出。",
}
MISMATCH = "账号或者密码不正确。"
REFUSALS = {
    "account_inactive": "这个账号已停用。",
    "email_password_mismatch": MISMATCH,
    "phone_password_mismatch": MISMATCH,
    "username_password_mismatch": MISMATCH,
    "invalid_login": MISMATCH,
    "duplicate_email": "这个邮箱就是现在的邮箱。",
    "email_taken": "这个邮箱已用于另一账号。",
    "phone_taken": "这个手机号码已用于另一账号。",
    "enter_current_password": "现在的密码不正确。",
    "incorrect_code": "验证码不正确，或者已经过期。",
    "incorrect_password": "密码不正确。",
    "invalid_or_expired_key": "链接不正确，或者已经过期。",
    "invalid_password_reset": "找回密码的链接不正确，或者已经过期。",
    "max_email_addresses": "不能再添加邮箱。",
    "too_many_login_attempts": "尝试次数过多，请 15 分钟后再试，或者用“找回密码”重新设置。",
    "unknown_email": "没有使用这个邮箱的账号。",
    "unknown_phone": "没有使用这个手机号码的账号。",
    "unverified_primary_email": "请先核实邮箱。",
    "username_taken": "这个账号已存在。",
    "same_as_current": "与现在的相同。",
    "rate_limited": "操作太频繁，请稍后再试。",
}
FACTOR_REFUSALS = {
    "add_email_blocked": "已启用第二重验证的账号不能这样添加邮箱。",
    "cannot_delete_authenticator": "工作人员和培训机构的账号须保留一种第二重验证。请先启用另一种，再停用这一种。",
    "cannot_generate_recovery_codes": "启用动态口令或者通行密钥以后，才能生成恢复码。",
    "incorrect_code": "验证码不正确，或者已经用过。",
    "unverified_email": "请先核实邮箱。",
}
