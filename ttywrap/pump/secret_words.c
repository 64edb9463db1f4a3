/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Data only: the prompts and the programs that are known to ask for secrets. */
#include "pump/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * No word before which a shell's prompt ended: somebody who types a command line
 * with such a word in it answers no prompt.
 */
#define NOT_TYPED "^(?:(?![$#%>❯»λ➜]\\s).){0,200}?"

/*
 * The end of a prompt (U+17D6 is Khmer's colon), blanks, also such as do not break the
 * line, and the stars or dots that stand for what was typed.
 */
#define BLANKS "[\\s\\x{a0}\\x{202f}\\x{3000}]"
#define ASKED                                                                                      \
	"[^\\n:：]{0,160}(?:[:：?？\\x{17d6}]" BLANKS "*|[>›]" BLANKS "+)[*•●∙·xX]*" BLANKS "*$"

/* By language code, more or less. tests/unit/pump/prompts.tsv has what programs say. */
const char *const secret_default_prompts[] = {
    /* sudo, su, PAM, ssh, gpg, openssl, cryptsetup and many more, as they are translated */
    NOT_TYPED
    "(?:pass(?:word|wd| ?phrase|code|wort|key)|\\bpin\\b|\\botp\\b|verification code|one-time|"
    "authenticator|secret(?!ar)|"
    "wagwoord|fjalëkalim|كلمة (?:ال)?(?:سر|مرور)|գաղտնաբառ|গুপ্তশব্দ|şifr[eə]|পাসও|রহস্য|pasahitz|"
    "šifr[aeiou]|lozin[ck]|парол|စကားဝှက်|contrasenya|密码|密碼|口令|通行碼|密語|密语|heslo|heslem|"
    "adgangskode|kodeord|adgangsfrase|wachtwoord|wachtzin|ཆོག་ཡིག|pasvort|pasfraz|parool|loyniorð|"
    "salasana|tunnuslause|mot de passe|phrase (?:de passe|secrète)|code personnel|contrasinal|"
    "პაროლ|საკვანძო ფრაზ|სიტყვა|kennwort|\\blosung|κωδικ|συνθηματικ|φράση κλειδ|પાસવર્ડ|סיסמ|ססמ|"
    "पासवर्ड|पुन:प्रविष्ट|शब्दकूट|कूटशब्द|रहस्य|jelsz[óa]|jelmondat|lykilorð|ka[ts]a "
    "(?:sandi|laluan)|contrasigno|"
    "foca(?:i)?l faire|pasfhocal|parola|パスワード|パスフレーズ|暗証番号|"
    "n uɛeddi|ಗುಪ್ತಪದ|құпия|សម្ងាត់|"
    "비밀번호|암호|열쇠글|\\bparol|slaptažod|лозинк|അടയാളവാക്ക|गुप्तशब्द|нууц үг|passord|ପ୍ରବେଶ ସଙ୍କେତ|"
    "گذرواژه|رمز عبور|hasło|hasła|\\bsenha|palavra-?passe|ਪਾਸਵਰਡ|fraz[ăa] de acces|parolă|"
    "пропусн[аеу] реч|රහස්පද|geslo|contraseña|\\bclave\\b|frase de (?:paso|contraseña)|lösenord|"
    "lösenfras|kontrasenyas|கடவுச்சொல்|సంకేతపద|รหัสผ่าน|гасло|(?<!\\pL)п[иі]н(?:-?код|(?!\\pL))|mật "
    "khẩu|"
    "[gc]yfrinair|phasiwedi|zaporka)" ASKED,
    /* fish: read --silent without a prompt of its own */
    "^read>\\s*[●•*]*\\s*$",
    NULL,
};

static bool
is_one_of(uint32_t c, const uint32_t *set)
{
	while (*set != 0 && *set != c)
		set++;
	return *set != 0;
}

bool
secret_default_may_match(const uint32_t *line, size_t n)
{
	static const uint32_t behind[] = {
	    ' ', 0xa0, 0x202f, 0x3000, '*', 'x', 'X', 0x2022, 0x25cf, 0x2219, 0xb7, 0};
	static const uint32_t end[] = {':', 0xff1a, '?', 0xff1f, 0x17d6, '>', 0x203a, 0};

	while (n > 0 && is_one_of(line[n - 1], behind))
		n--;
	return n > 0 && is_one_of(line[n - 1], end);
}

/*
 * They read secrets outside canonical mode: sudo and doas with feedback, pinentry,
 * systemd's agent, password managers, curses lock screens.
 */
const char *const secret_default_processes[] = {
    "sudo",
    "doas",
    "pinentry",
    "pinentry-curses",
    "pinentry-tty",
    "pinentry-curse", /* as comm has it: 15 bytes */
    "systemd-ask-pas",
    "systemd-tty-ask",
    "ssh-askpass",
    "cryptsetup",
    "vlock",
    "physlock",
    "keepassxc-cli",
    "passwd",
    "chpasswd",
    NULL,
};
