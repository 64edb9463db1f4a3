/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Data only: the prompts and the programs that are known to ask for secrets. */
#include "pump/secret.h"

#include <stddef.h>

/*
 * No word before which a shell's prompt ended: somebody who types a command line
 * with such a word in it answers no prompt.
 */
#define NOT_TYPED "^(?:(?![$#%>❯»λ➜]\\s).){0,200}?"

/* The end of a prompt, and the stars or dots that stand for what was typed. */
#define ASKED "[^\\n:：]{0,160}(?:[:：?？]\\s*|[>›]\\s+)[*•●∙·xX]*\\s*$"

const char *const secret_default_prompts[] = {
    /* sudo, su, PAM, ssh, gpg, openssl, cryptsetup and many more, as they are translated */
    NOT_TYPED
    "(?:pass(?:word|wd| ?phrase|code|wort|key)|kennwort|losung|"
    "\\bpin\\b|\\botp\\b|verification code|one-time|authenticator|secret|"
    "mot de passe|phrase (?:de passe|secrète)|contraseña|contrasenya|contrasinal|clave|"
    "frase de (?:paso|contraseña)|senha|palavra-?passe|parola|parolă|passord|"
    "lösenord|lösenfras|adgangskode|kodeord|adgangsfrase|salasana|tunnuslause|"
    "wachtwoord|wachtzin|hasło|hasła|heslo|heslem|geslo|zaporka|lozinka|šifra|"
    "jelszó|jelmondat|slaptažod|parole|parool|pasahitza|lykilorð|loyniorð|focail faire|"
    "gyfrinair|kata (?:sandi|laluan)|mật khẩu|пароль|пароля|парола|лозинк|"
    "гасло|құпия|κωδικ|συνθηματικ|სიტყვა|գաղտնաբառ|şifre|parolanız|"
    "סיסמ|ססמ|كلمة (?:السر|المرور)|گذرواژه|रहस्य|कूटशब्द|রহস্য|"
    "รหัสผ่าน|パスワード|パスフレーズ|暗証番号|密码|密碼|口令|通行碼|비밀번호|암호|열쇠글)" ASKED,
    /* fish: read --silent without a prompt of its own */
    "^read>\\s*[●•*]*\\s*$",
    NULL,
};

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
