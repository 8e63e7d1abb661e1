/**
 * Messages that a telephone or a mailbox writes by itself: "I'm driving with Do Not Disturb While Driving turned on", "Automatic reply: out of
 * office". Nobody has inquired, answered or waits for an answer. Only where the whole message is known to be one; in doubt a person wrote it. Pure.
 */

/** How subjects of such mails begin; a reply to one begins with "Re:". @source Outlook, Gmail and their like, in six languages. @checked 2026-11-30 */
const subjects =
  /^\s*(?:(?:automatic|automated|auto)[ -]?(?:reply|response)\b|autoreply\b|out of (?:the )?office\b|ooo\b ?[:-]|respuesta autom[aá]tica\b|fuera de (?:la )?oficina\b|automatische antwort\b|abwesenheitsnotiz\b|r[eé]ponse automatique\b|absence du bureau\b|resposta autom[aá]tica\b|risposta automatica\b)/i

/** How such texts begin. @source what telephones write while their owner drives; what services write above their answers. @checked 2026-11-30 */
const texts =
  /^[\s([*]*(?:i['’]?m (?:currently )?driving with |i am currently driving with |i['’]?m not receiving notifications\b|(?:this is |esto es |este es )?(?:an? |una? )?(?:automated|automatic|auto)[ -](?:reply|response|message|text)\s*[:\])*-]|this is an (?:automated|automatic) (?:reply|response|message)\b|auto-?reply\s*[:\])*-]|este es un mensaje autom[aá]tico\b|respuesta autom[aá]tica\s*[:\])-]|estoy conduciendo con )/i

/** Did nobody write this? Who asks whether it is automatic is somebody. */
export function isAutomatic(text: string, subject: string | null): boolean {
  if (subject !== null && subjects.test(subject)) return true
  return texts.test(text) && !text.includes('?')
}
