/**
 * The words of an inventory for what becomes of unencrypted packets.
 *
 * @module
 */

/** Words for `other_config:ipsec_skb_mark`, and its own values for those who know them. */
export const plaintextPolicies = {
  'drop-unencrypted': '0/1',
  'drop-marked': '1/1',
  'allow-unencrypted': 'none',
  keep: 'keep',
  '0/1': '0/1',
  '1/1': '1/1',
  none: 'none',
} as const;
