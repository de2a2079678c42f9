/**
 * Hints that name a command are to work as they stand: where the command that failed was told another PKI directory, so is the
 * one that helps.
 *
 * @module
 */

/** Commands that read the PKI directory. */
const readers =
  'init|sign|req\\+sign|verify|passphrase|export|import|renew|revoke|crl|rollover|setup|list|check|connect|distribute|plan|apply';
const command = new RegExp(`\\bovs-pki-ts (${readers})(?= |$|[;:,)])(?! --help)`, 'g');

export function withDirectory(hint: string, directory: string | undefined): string {
  if (directory === undefined || hint.includes('--dir')) return hint;
  const typed = /^[\w./+:@%-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", "'\\''")}'`;
  return hint.replaceAll(command, `$& --dir ${typed.replaceAll('$', '$$$$')}`);
}
