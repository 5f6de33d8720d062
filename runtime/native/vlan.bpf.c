// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * VLAN tags of packets: the outermost stands beside the packet, all others in it behind the addresses.
 */
#include "packet.h"

#define TAG_BYTES 4
#define ADDRESS_BYTES 12
#define ETH_P_802_3 0x0001
#define ETH_P_802_2 0x0004
#define ETH_P_802_3_MIN 0x0600
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88a8
#define ENOMEM 12
/* Bytes that a packet moves by when there is no room before it. */
#define MORE_ROOM 64

inline_always u16 swapped(u16 value)
{
	return __builtin_bswap16(value);
}

inline_always int is_tag(u16 protocol)
{
	return protocol == swapped(ETH_P_8021Q) || protocol == swapped(ETH_P_8021AD);
}

inline_always int begins_with_addresses(const struct sk_buff *skb)
{
	return skb->data == skb->head + skb->mac_header;
}

/* Sees to it that there is room for a tag before the packet. */
inline_always int make_room(struct sk_buff *skb)
{
	u32 before = skb->data - skb->head;

	if (before >= TAG_BYTES)
		return 1;
	if (skb->tail + MORE_ROOM > skb->end)
		return 0;
	move_bytes(skb->data + MORE_ROOM, skb->data, skb->tail - before);
	skb->data += MORE_ROOM;
	skb->tail += MORE_ROOM;
	skb->mac_header += MORE_ROOM;
	skb->network_header += MORE_ROOM;
	skb->transport_header += MORE_ROOM;
	return 1;
}

/* Puts the tag that stands beside the packet into it. */
inline_always s64 tag_into_packet(struct sk_buff *skb)
{
	if (!begins_with_addresses(skb))
		return -EINVAL;
	if (!make_room(skb))
		return -ENOMEM;
	move_bytes(skb->data - TAG_BYTES, skb->data, ADDRESS_BYTES);
	skb->data -= TAG_BYTES;
	skb->len += TAG_BYTES;
	skb->mac_header -= TAG_BYTES;
	skb->network_header -= TAG_BYTES;
	*(u16 *)(skb->data + ADDRESS_BYTES) = skb->vlan_proto;
	*(u16 *)(skb->data + ADDRESS_BYTES + 2) = swapped(skb->vlan_tci);
	skb->protocol = skb->vlan_proto;
	return 0;
}

/* Takes the outermost tag out of the packet; its number, or an error. */
inline_always s64 tag_from_packet(struct sk_buff *skb)
{
	u16 tag, protocol;

	if (!begins_with_addresses(skb))
		return -EINVAL;
	if (skb->len < ETH_HLEN + TAG_BYTES)
		return -ENOMEM;
	tag = swapped(*(u16 *)(skb->data + ADDRESS_BYTES + 2));
	protocol = *(u16 *)(skb->data + ADDRESS_BYTES + TAG_BYTES);
	if (swapped(protocol) >= ETH_P_802_3_MIN)
		skb->protocol = protocol;
	else
		skb->protocol = swapped(*(u16 *)(skb->data + ETH_HLEN + TAG_BYTES) == 0xffff ? ETH_P_802_3 : ETH_P_802_2);
	move_bytes(skb->data + TAG_BYTES, skb->data, ADDRESS_BYTES);
	skb->data += TAG_BYTES;
	skb->len -= TAG_BYTES;
	skb->mac_header += TAG_BYTES;
	if (skb->network_header < skb->mac_header + ETH_HLEN)
		skb->network_header = skb->mac_header + ETH_HLEN;
	skb->mac_len = skb->network_header - skb->mac_header;
	return tag;
}

NATIVE s64 bpf_skb_vlan_push(struct sk_buff *skb, __be16 protocol, u16 tag)
{
	s64 result = skb->vlan_present ? tag_into_packet(skb) : 0;

	if (!result) {
		skb->vlan_proto = is_tag(protocol) ? protocol : swapped(ETH_P_8021Q);
		skb->vlan_tci = tag;
		skb->vlan_present = 1;
	}
	skb_compute_pointers(skb);
	return result;
}

NATIVE s64 bpf_skb_vlan_pop(struct sk_buff *skb)
{
	s64 result = 0;

	if (skb->vlan_present) {
		skb->vlan_present = 0;
		skb->vlan_proto = 0;
		skb->vlan_tci = 0;
	} else if (is_tag(skb->protocol)) {
		result = tag_from_packet(skb);
	}
	if (result >= 0 && is_tag(skb->protocol)) {
		u16 protocol = skb->protocol;

		result = tag_from_packet(skb);
		if (result >= 0) {
			skb->vlan_proto = protocol;
			skb->vlan_tci = result;
			skb->vlan_present = 1;
		}
	}
	skb_compute_pointers(skb);
	return result < 0 ? result : 0;
}
