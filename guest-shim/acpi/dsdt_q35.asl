/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's q35: a PCI host bridge, and the serial port. S5 is SLP_TYP 0. Configuration space is at its ports alone: for
 * each bus of an MCFG, Linux asks 32 devices through the ports whether they are there, which is six times as many
 * accesses to ports as all else in its boot. What only memory shows of it, from byte 256 on, devices do without.
 */
DefinitionBlock ("", "DSDT", 2, "CLOIST", "SHIMQ35", 1)
{
	Name (\_S5, Package () {Zero, Zero, Zero, Zero})

	Scope (\_SB)
	{
		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A08"))
			Name (_CID, EisaId ("PNP0A03"))
			Name (_UID, Zero)
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
					0, 0, 0xff, 0, 0x100)
				IO (Decode16, 0xcf8, 0xcf8, 1, 8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0, 0x0cf7, 0, 0x0cf8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0x0d00, 0xffff, 0, 0xf300)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
					0, 0xc0000000, 0xfebfffff, 0, 0x3ec00000)
			})

			/*
			 * A kernel may have what it asks for but hot-plug (bit 0 of the third word): the ports of
			 * QEMU's q35 leave it to ACPI, so that they say of no slot that a card is in it. Linux asks
			 * for nothing where it has no extended configuration space.
			 */
			Method (_OSC, 4)
			{
				CreateDWordField (Arg3, 0, STAT)
				CreateDWordField (Arg3, 8, CTRL)
				If (CTRL & 1)
				{
					CTRL &= 0xfffffffe
					STAT |= 0x10
				}
				Return (Arg3)
			}
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, Zero)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x3f8, 0x3f8, 0, 8)
				IRQNoFlags () {4}
			})
		}

		Device (RTC)
		{
			Name (_HID, EisaId ("PNP0B00"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x70, 0x70, 0, 2)
			})
		}
	}
}
