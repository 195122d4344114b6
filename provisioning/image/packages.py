"""What of Debian is in an image, and what of it stays out.

* Every package is named with its reason. What they need comes with them; what they merely recommend does not.
* Nothing that makes programs, installs packages or opens a shell to the network is in an image.
"""

SUITE = "trixie"
"""Debian stable."""

COMPONENTS = "main non-free-firmware"

ARCHES = ("arm64", "amd64")

PACKAGES = (
    "systemd", "systemd-sysv", "udev", "dbus", "kmod",  # what starts the rest
    "busybox-static",  # the first steps, before there is a root
    "python3-minimal", "python3",
    "nginx-light",
    "network-manager", "wpasupplicant", "iw", "wireless-regdb", "rfkill", "dnsmasq-base", "nftables", "iproute2",
    "avahi-daemon", "libnss-mdns",  # box.local
    "modemmanager", "usb-modeswitch",  # sticks with a SIM card
    "chrony", "tzdata",
    "e2fsprogs", "fdisk", "mtools",  # the card: growing it, mending it, writing its first partition
    "ca-certificates",
)  # fmt: skip

KERNELS = {"arm64": "linux-image-arm64", "amd64": "linux-image-amd64"}
"""Names of the packages that depend on the kernel of the day."""

EXTRAS = {
    "arm64": ("raspi-firmware", "firmware-brcm80211", "firmware-realtek", "systemd-boot-efi"),
    "amd64": ("firmware-realtek", "firmware-iwlwifi", "systemd-boot-efi", "systemd-boot-efi-amd64-signed",
    "shim-signed"),
}  # fmt: skip
"""Taken apart and used in pieces: nothing of theirs is configured."""

PRUNED = (
    "etc/apt", "etc/cron.daily", "etc/dpkg", "etc/init.d", "etc/rc0.d", "etc/rc1.d", "etc/rc2.d", "etc/rc3.d",
    "etc/rc4.d",
    "etc/rc5.d", "etc/rc6.d", "etc/rcS.d", "etc/xml", "etc/sgml",
    "etc/chrony/chrony.keys",  # a secret that all boxes would share
    "etc/nginx/sites-enabled/default", "var/www/html",
    "usr/bin/apt*", "usr/bin/dpkg*", "usr/bin/perl*", "usr/lib/apt", "usr/lib/dpkg", "usr/lib/*/perl-base",
    "usr/share/perl*",
    "usr/lib/udev/hwdb.d", "usr/lib/python3*/test", "usr/lib/python3*/idlelib", "usr/lib/python3*/pydoc_data",
    "usr/lib/python3*/turtledemo", "usr/lib/python3*/ensurepip", "usr/lib/python3*/lib2to3",
    "usr/share/bash-completion", "usr/share/bug", "usr/share/debconf", "usr/share/dpkg", "usr/share/doc",
    "usr/share/info",
    "usr/share/lintian", "usr/share/locale", "usr/share/man", "usr/share/sgml*", "usr/share/xml*", "usr/share/zsh",
    "usr/share/i18n", "usr/share/keyrings", "usr/share/doc-base", "usr/share/pixmaps", "usr/share/polkit-1/its",
    "usr/sbin/dpkg*", "var/cache/*", "var/lib/apt", "var/lib/dpkg", "var/lib/pam", "var/lib/sgml-base", "var/lib/ucf",
    "var/lib/xml-core", "var/lib/systemd/deb-systemd-helper-*", "var/log/*", "lost+found",
)  # fmt: skip
"""Shell patterns of what an image does without."""

MODULES_PRUNED = (
    "kernel/sound", "kernel/drivers/media", "kernel/drivers/infiniband", "kernel/drivers/gpu", "kernel/drivers/staging",
    "kernel/drivers/iio", "kernel/drivers/isdn", "kernel/drivers/comedi", "kernel/drivers/accel",
    "kernel/drivers/scsi/*/",
    "kernel/drivers/mtd", "kernel/drivers/target", "kernel/drivers/md", "kernel/drivers/misc", "kernel/drivers/edac",
    "kernel/drivers/crypto", "kernel/drivers/fpga", "kernel/drivers/ntb", "kernel/drivers/vfio", "kernel/drivers/vdpa",
    "kernel/drivers/hv", "kernel/drivers/xen", "kernel/drivers/net/ethernet/mellanox",
    "kernel/drivers/net/ethernet/qlogic",
    "kernel/drivers/net/ethernet/broadcom/bnx2x", "kernel/drivers/net/ethernet/chelsio",
    "kernel/drivers/net/ethernet/sfc",
    "kernel/drivers/net/ethernet/netronome", "kernel/drivers/net/ethernet/cavium",
    "kernel/drivers/net/ethernet/intel/ice",
    "kernel/drivers/net/ethernet/intel/i40e", "kernel/drivers/net/ethernet/emulex",
    "kernel/drivers/net/ethernet/hisilicon",
    "kernel/drivers/net/ethernet/huawei", "kernel/drivers/net/ethernet/pensando",
    "kernel/drivers/net/ethernet/fungible",
    "kernel/drivers/net/can", "kernel/drivers/net/ieee802154", "kernel/drivers/net/fddi", "kernel/drivers/net/hamradio",
    "kernel/drivers/net/wireless/intersil", "kernel/drivers/net/wireless/ti", "kernel/drivers/net/wireless/microchip",
    "kernel/fs/btrfs", "kernel/fs/xfs", "kernel/fs/ocfs2", "kernel/fs/gfs2", "kernel/fs/ceph", "kernel/fs/nfs*",
    "kernel/fs/smb", "kernel/fs/jfs", "kernel/fs/ubifs", "kernel/fs/jffs2", "kernel/fs/afs", "kernel/fs/orangefs",
    "kernel/fs/reiserfs", "kernel/fs/dlm", "kernel/fs/9p", "kernel/fs/coda", "kernel/fs/bcachefs", "kernel/fs/f2fs",
    "kernel/fs/lockd", "kernel/fs/ufs", "kernel/fs/nilfs2", "kernel/fs/hpfs", "kernel/fs/ntfs",
    "kernel/net/bluetooth", "kernel/drivers/bluetooth", "kernel/net/sctp", "kernel/net/tipc", "kernel/net/rds",
    "kernel/net/ceph", "kernel/net/can", "kernel/net/batman-adv", "kernel/net/openvswitch", "kernel/net/9p",
    "kernel/net/sunrpc", "kernel/net/smc", "kernel/net/mpls", "kernel/net/ieee802154", "kernel/net/mac802154",
    "kernel/net/dccp", "kernel/net/nfc", "kernel/drivers/nfc", "kernel/net/appletalk", "kernel/net/ax25",
    "kernel/virt", "kernel/arch/x86/kvm",
)  # fmt: skip
"""Drivers for what no box has: picture and sound, data centres' networks and disks, other systems' folders."""

INITIAL_MODULES = (
    "squashfs", "overlay", "ext4", "crc32c_generic", "vfat", "nls_ascii", "nls_cp437",
    "virtio_pci", "virtio_mmio", "virtio_blk", "virtio_scsi", "virtio_rng",
    "sd_mod", "usb_storage", "uas", "xhci_pci", "ehci_pci", "ahci", "nvme", "mmc_block", "sdhci_pci", "sdhci_acpi",
    "sdhci_iproc", "bcm2835", "dwc2", "phy_generic", "pcie_brcmstb", "xhci_plat_hcd",
)  # fmt: skip
"""What has to be there before the root is: where an arch lacks one, it is built in or of no use there."""
