//! Machine images: a small catalogue that every region has. Nobody makes or removes one.

use crate::kernel::{HexId, digest};

/// A machine image.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub id: String,
    pub release: Release,
}

/// What an image holds, whatever it is called in a region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Release {
    pub name: &'static str,
    pub description: &'static str,
    pub architecture: &'static str,
    /// The account of whoever publishes it, and what it is called.
    pub owner: &'static str,
    pub owner_alias: &'static str,
    pub root_device: &'static str,
    pub platform: Platform,
    pub virtualization: &'static str,
    pub created: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Linux,
    Windows,
}

impl Platform {
    /// As `PlatformDetails` and `UsageOperation` say it. Source: EC2 user guide, "AMI billing information fields".
    pub fn billing(self) -> (&'static str, &'static str) {
        match self {
            Platform::Linux => ("Linux/UNIX", "RunInstances"),
            Platform::Windows => ("Windows", "RunInstances:0002"),
        }
    }
}

const fn image(name: &'static str, description: &'static str, architecture: &'static str) -> Release {
    Release {
        name,
        description,
        architecture,
        owner: "137112412989",
        owner_alias: "amazon",
        root_device: "/dev/xvda",
        platform: Platform::Linux,
        virtualization: "hvm",
        created: "2026-10-05T20:00:00.000Z",
    }
}

const fn windows(name: &'static str, description: &'static str) -> Release {
    Release {
        owner: "801119661308",
        root_device: "/dev/sda1",
        platform: Platform::Windows,
        created: "2017-10-13T10:00:00.000Z",
        ..image(name, description, "x86_64")
    }
}

/// Images whose ids are in many programs: they are the same in every region. Source: moto 5.2.5.
const EVERYWHERE: [(&str, Release); 4] = [
    (
        "ami-12c6146b",
        windows(
            "Windows_Server-2008-R2_SP1-English-64Bit-Base-2017.10.13",
            "Microsoft Windows Server 2008 R2 SP1 Datacenter 64-bit Locale English Base AMI provided by Amazon",
        ),
    ),
    (
        "ami-03cf127a",
        windows(
            "Windows_Server-2016-English-Nano-Base-2017.10.13",
            "Microsoft Windows Server 2016 Nano Locale English AMI provided by Amazon",
        ),
    ),
    (
        "ami-f4cf1d8d",
        windows(
            "Windows_Server-2012-R2_RTM-English-64Bit-SQL_2016_SP1_Standard-2017.10.13",
            "Microsoft Windows Server 2012 R2 RTM 64-bit Locale English with SQL Standard 2016 AMI provided by Amazon",
        ),
    ),
    (
        "ami-fa7cdd89",
        Release {
            owner: "013907871322",
            root_device: "/dev/sda",
            virtualization: "paravirtual",
            created: "2015-12-07T10:00:00.000Z",
            ..image(
                "suse-sles-11-sp4-v20151207-pv-ssd-x86_64",
                "SUSE Linux Enterprise Server 11 Service Pack 4 ((PV, 64-bit, SSD-Backed)",
                "x86_64",
            )
        },
    ),
];

/// Images that have an id of their own in each region.
const REGIONAL: [Release; 4] = [
    image(
        "al2023-ami-2023.12.20260930.0-kernel-6.12-x86_64",
        "Amazon Linux 2023 AMI 2023.12.20260930.0 x86_64 HVM kernel-6.12",
        "x86_64",
    ),
    image(
        "al2023-ami-2023.12.20260930.0-kernel-6.12-arm64",
        "Amazon Linux 2023 AMI 2023.12.20260930.0 arm64 HVM kernel-6.12",
        "arm64",
    ),
    image(
        "amzn2-ami-hvm-2.0.20260930.0-x86_64-gp2",
        "Amazon Linux 2 AMI 2.0.20260930.0 x86_64 HVM gp2",
        "x86_64",
    ),
    image(
        "amzn2-ami-hvm-2.0.20260930.0-arm64-gp2",
        "Amazon Linux 2 LTS Arm64 AMI 2.0.20260930.0 arm64 HVM gp2",
        "arm64",
    ),
];

impl Image {
    /// The images of a region, in the order of their ids.
    pub fn all(region: &str) -> Vec<Image> {
        let everywhere = EVERYWHERE.map(|(id, release)| Image { id: id.into(), release });
        let regional = REGIONAL.map(|release| {
            let bits = digest(0, &[b"ami", region.as_bytes(), release.name.as_bytes()]);
            Image { id: format!("ami-{}", HexId::long(bits)), release }
        });
        let mut all: Vec<_> = everywhere.into_iter().chain(regional).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// The image of this id in a region.
    pub fn get(region: &str, id: &str) -> Option<Image> {
        Image::all(region).into_iter().find(|image| image.id == id)
    }
}
