/** The runtime whose answers we give: the one that azure-platform.md §4.1 was observed with. */
export const hostVersion = '4.1042.100.25374';

/** Says plainly that this is no Azure: the part after the plus is ours. */
export const hostVersionDetails = '4.1042.100+slotwave-emulator';
