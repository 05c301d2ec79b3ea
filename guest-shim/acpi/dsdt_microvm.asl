/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's microvm with one I/O APIC (ioapic2=off): its virtio-mmio devices at interrupts 16 to 23, and the serial port.
 * S5 is the generic event device's 5.
 */
DefinitionBlock ("", "DSDT", 2, "CLOIST", "SHIMMVM", 1)
{
	Name (\_S5, Package () {5, Zero, Zero, Zero})

	Scope (\_SB)
	{
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

		Device (VR00)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00000, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {16}
			})
		}

		Device (VR01)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 1)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00200, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {17}
			})
		}

		Device (VR02)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 2)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00400, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {18}
			})
		}

		Device (VR03)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 3)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00600, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {19}
			})
		}

		Device (VR04)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 4)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00800, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {20}
			})
		}

		Device (VR05)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 5)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00a00, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {21}
			})
		}

		Device (VR06)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 6)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00c00, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {22}
			})
		}

		Device (VR07)
		{
			Name (_HID, "LNRO0005")
			Name (_UID, 7)
			Name (_CRS, ResourceTemplate ()
			{
				Memory32Fixed (ReadWrite, 0xfeb00e00, 0x200)
				Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {23}
			})
		}
	}
}
