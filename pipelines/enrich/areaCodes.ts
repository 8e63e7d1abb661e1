/**
 * US and Canadian area codes to the states and the *set* of time zones that a number with this code may live in. Split
 * codes have all their zones: one zone per code is wrong for 270, 850, 812 or 915. Toll-free codes are not listed.
 * Compiled from the NANPA assignments and the IANA zone boundaries, status: unverified; a code that is missing here is
 * treated as unknown, which only narrows the hours.
 */
const NY = 'America/New_York'
const CHI = 'America/Chicago'
const DEN = 'America/Denver'
const PHX = 'America/Phoenix'
const LA = 'America/Los_Angeles'
const HFX = 'America/Halifax'
const TOR = 'America/Toronto'
const WPG = 'America/Winnipeg'
const EDM = 'America/Edmonton'
const VAN = 'America/Vancouver'

/** The zones of the 48 contiguous states: what may apply to a number in the US that nothing is known about. */
export const contiguousUsZones: readonly string[] = [NY, CHI, DEN, PHX, LA]

interface Row {
  readonly states: readonly string[]
  readonly zones: readonly string[]
  /** Area codes, separated by spaces. */
  readonly codes: string
}

const row = (states: string, zones: readonly string[], codes: string): Row => ({ states: states.split(' '), zones, codes })

const rows: readonly Row[] = [
  row('US-AL', [CHI], '205 251 256 659 938'),
  row('US-AL', [CHI, NY], '334'),
  row('US-AK', ['America/Anchorage', 'America/Adak'], '907'),
  row('US-AZ', [PHX], '480 520 602 623'),
  row('US-AZ', [PHX, DEN], '928'),
  row('US-AR', [CHI], '327 479 501 870'),
  row(
    'US-CA',
    [LA],
    '209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951',
  ),
  row('US-CO', [DEN], '303 719 720 970 983'),
  row('US-CT', [NY], '203 475 860 959'),
  row('US-DE', [NY], '302'),
  row('US-DC', [NY], '202 771'),
  row('US-FL', [NY], '239 305 321 324 352 386 407 561 645 656 689 727 728 754 772 786 813 863 904 941 954'),
  row('US-FL', [NY, CHI], '448 850'),
  row('US-GA', [NY], '229 404 470 478 678 706 762 770 912 943'),
  row('US-HI', ['Pacific/Honolulu'], '808'),
  row('US-ID', [DEN, LA], '208 986'),
  row('US-IL', [CHI], '217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872'),
  row('US-IN', [NY], '260 317 463 765'),
  row('US-IN', [NY, CHI], '219 574 812 930'),
  row('US-IA', [CHI], '319 515 563 641 712'),
  row('US-KS', [CHI], '316 913'),
  row('US-KS', [CHI, DEN], '620 785'),
  row('US-KY', [NY], '502 859'),
  row('US-KY', [NY, CHI], '270 364 606'),
  row('US-LA', [CHI], '225 318 337 457 504 985'),
  row('US-ME', [NY], '207'),
  row('US-MD', [NY], '227 240 301 410 443 667'),
  row('US-MA', [NY], '339 351 413 508 617 774 781 857 978'),
  row('US-MI', [NY], '231 248 269 313 517 586 616 679 734 810 947 989'),
  row('US-MI', [NY, CHI], '906'),
  row('US-MN', [CHI], '218 320 507 612 651 763 924 952'),
  row('US-MS', [CHI], '228 471 601 662 769'),
  row('US-MO', [CHI], '235 314 417 557 573 636 660 816 975'),
  row('US-MT', [DEN], '406'),
  row('US-NE', [CHI], '402 531'),
  row('US-NE', [CHI, DEN], '308'),
  row('US-NV', [LA], '702 725'),
  row('US-NV', [LA, DEN], '775'),
  row('US-NH', [NY], '603'),
  row('US-NJ', [NY], '201 551 609 640 732 848 856 862 908 973'),
  row('US-NM', [DEN], '505 575'),
  row('US-NY', [NY], '212 315 329 332 347 363 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934'),
  row('US-NC', [NY], '252 336 472 704 743 828 910 919 980 984'),
  row('US-ND', [CHI, DEN], '701'),
  row('US-OH', [NY], '216 220 234 283 326 330 380 419 436 440 513 567 614 740 937'),
  row('US-OK', [CHI], '405 539 572 918'),
  row('US-OK', [CHI, DEN], '580'),
  row('US-OR', [LA], '503 971'),
  row('US-OR', [LA, DEN], '458 541'),
  row('US-PA', [NY], '215 223 267 272 412 445 484 570 582 610 717 724 814 835 878'),
  row('US-RI', [NY], '401'),
  row('US-SC', [NY], '803 821 839 843 854 864'),
  row('US-SD', [CHI, DEN], '605'),
  row('US-TN', [CHI], '615 629 731 901'),
  row('US-TN', [NY], '865'),
  row('US-TN', [NY, CHI], '423 931'),
  row('US-TX', [CHI], '210 214 254 281 325 346 361 409 430 469 512 682 713 726 737 806 817 830 832 903 936 940 945 956 972 979'),
  row('US-TX', [CHI, DEN], '432 915'),
  row('US-UT', [DEN], '385 435 801'),
  row('US-VT', [NY], '802'),
  row('US-VA', [NY], '276 434 540 571 686 703 757 804 826 948'),
  row('US-WA', [LA], '206 253 360 425 509 564'),
  row('US-WV', [NY], '304 681'),
  row('US-WI', [CHI], '262 274 353 414 534 608 715 920'),
  row('US-WY', [DEN], '307'),
  row('US-PR', ['America/Puerto_Rico'], '787 939'),
  row('US-VI', ['America/St_Thomas'], '340'),
  row('US-GU', ['Pacific/Guam'], '671'),
  row('US-MP', ['Pacific/Guam'], '670'),
  row('US-AS', ['Pacific/Pago_Pago'], '684'),
  row('CA-AB', [EDM], '368 403 587 780 825'),
  row('CA-BC', [VAN], '604'),
  row('CA-BC', [VAN, EDM, 'America/Dawson_Creek'], '236 250 257 672 778'),
  row('CA-MB', [WPG], '204 431 584'),
  row('CA-NB', [HFX], '428 506'),
  row('CA-NL', ['America/St_Johns', HFX], '709 879'),
  row('CA-NS CA-PE', [HFX], '782 902'),
  row('CA-ON', [TOR], '226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 905 942'),
  row('CA-ON', [TOR, WPG], '807'),
  row('CA-QC', [TOR], '263 354 438 450 468 514 579 819 873'),
  row('CA-QC', [TOR, HFX], '367 418 581'),
  row('CA-SK', ['America/Regina', EDM], '306 474 639'),
  row('CA-NT CA-NU CA-YT', [EDM, TOR, WPG, 'America/Whitehorse'], '867'),
]

export interface Place {
  /** ISO 3166-2 codes that may apply. */
  readonly states: readonly string[]
  /** IANA zones that may apply. */
  readonly zones: readonly string[]
}

const byCode = new Map<string, Place>(
  rows.flatMap(({ states, zones, codes }) => codes.split(' ').map((code) => [code, { states, zones }] as const)),
)

/** Zones of a state or province: the union of those of its area codes. */
const byState = new Map<string, readonly string[]>()
for (const { states, zones } of rows) {
  for (const state of states) byState.set(state, [...new Set([...(byState.get(state) ?? []), ...zones])])
}

/** Where a North American number with this area code may live; undefined for toll-free and unlisted codes. */
export function placeOfAreaCode(code: string): Place | undefined {
  return byCode.get(code)
}

/** The zones of a state such as `US-TX`; undefined when it is not listed. */
export function zonesOfState(state: string): readonly string[] | undefined {
  return byState.get(state)
}
