//! Machine images: a small catalogue that every region has. Nobody makes or removes one.

use crate::kernel::{HexId, Rehome, SimTime, digest};

/// A machine image.
#[derive(Clone, Debug, PartialEq, Rehome)]
pub struct Image {
    pub id: String,
    pub release: Release,
}

/// What an image holds, whatever it is called in a region.
#[derive(Clone, Copy, Debug, PartialEq, Rehome)]
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
    pub created: SimTime,
    /// The public parameters that name it, without what they all begin with ([`PUBLIC`]).
    pub parameters: &'static [&'static str],
}

/// What the name of each public parameter begins with.
pub const PUBLIC: &str = "/aws/service/";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Rehome)]
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

/// An hour of a day.
const fn on(year: i64, month: i64, day: i64, hour: i64) -> SimTime {
    // Years begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    SimTime::from_millis((days * 24 + hour) * 3_600_000)
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
        created: on(2026, 10, 5, 20),
        parameters: &[],
    }
}

/// An image of Amazon Linux that these parameters name.
const fn linux(
    name: &'static str,
    description: &'static str,
    architecture: &'static str,
    parameters: &'static [&'static str],
) -> Release {
    Release { parameters, ..image(name, description, architecture) }
}

const fn windows(name: &'static str, description: &'static str) -> Release {
    Release {
        owner: "801119661308",
        root_device: "/dev/sda1",
        platform: Platform::Windows,
        created: on(2017, 10, 13, 10),
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
            created: on(2015, 12, 7, 10),
            ..image(
                "suse-sles-11-sp4-v20151207-pv-ssd-x86_64",
                "SUSE Linux Enterprise Server 11 Service Pack 4 ((PV, 64-bit, SSD-Backed)",
                "x86_64",
            )
        },
    ),
];

/// Images that have an id of their own in each region. Source of the names of parameters: Amazon Linux 2023 and Amazon
/// Linux 2 user guides; of the default kernel: AWS CDK reference, AmazonLinux2023Kernel.
const REGIONAL: [Release; 9] = [
    linux(
        "al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64",
        "Amazon Linux 2023 AMI 2023.12.20260930.0 x86_64 HVM kernel-6.1",
        "x86_64",
        &[
            "ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
            "ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        ],
    ),
    linux(
        "al2023-ami-2023.12.20260930.0-kernel-6.1-arm64",
        "Amazon Linux 2023 AMI 2023.12.20260930.0 arm64 HVM kernel-6.1",
        "arm64",
        &[
            "ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64",
            "ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
        ],
    ),
    linux(
        "al2023-ami-2023.12.20260930.0-kernel-6.12-x86_64",
        "Amazon Linux 2023 AMI 2023.12.20260930.0 x86_64 HVM kernel-6.12",
        "x86_64",
        &["ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64"],
    ),
    linux(
        "al2023-ami-2023.12.20260930.0-kernel-6.12-arm64",
        "Amazon Linux 2023 AMI 2023.12.20260930.0 arm64 HVM kernel-6.12",
        "arm64",
        &["ami-amazon-linux-latest/al2023-ami-kernel-6.12-arm64"],
    ),
    linux(
        "amzn2-ami-hvm-2.0.20260930.0-x86_64-gp2",
        "Amazon Linux 2 AMI 2.0.20260930.0 x86_64 HVM gp2",
        "x86_64",
        &["ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"],
    ),
    linux(
        "amzn2-ami-hvm-2.0.20260930.0-arm64-gp2",
        "Amazon Linux 2 LTS Arm64 AMI 2.0.20260930.0 arm64 HVM gp2",
        "arm64",
        &["ami-amazon-linux-latest/amzn2-ami-hvm-arm64-gp2"],
    ),
    linux(
        "amzn2-ami-kernel-5.10-hvm-2.0.20260930.0-x86_64-gp2",
        "Amazon Linux 2 Kernel 5.10 AMI 2.0.20260930.0 x86_64 HVM gp2",
        "x86_64",
        &["ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2"],
    ),
    linux(
        "amzn2-ami-kernel-5.10-hvm-2.0.20260930.0-arm64-gp2",
        "Amazon Linux 2 LTS Arm64 Kernel 5.10 AMI 2.0.20260930.0 arm64 HVM gp2",
        "arm64",
        &["ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-arm64-gp2"],
    ),
    Release {
        created: on(2026, 10, 14, 5),
        parameters: &["ami-windows-latest/Windows_Server-2022-English-Full-Base"],
        ..windows(
            "Windows_Server-2022-English-Full-Base-2026.10.14",
            "Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon",
        )
    },
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
    /// The image of a region that this public parameter names.
    pub fn named(region: &str, parameter: &str) -> Option<Image> {
        let name = parameter.strip_prefix(PUBLIC)?;
        Image::all(region).into_iter().find(|image| image.release.parameters.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn days_are_counted() {
        assert_eq!(on(1970, 1, 1, 0), SimTime::from_millis(0));
        assert_eq!(on(2026, 10, 5, 20), SimTime::from_millis(1_791_230_400_000));
        assert_eq!(on(2024, 2, 29, 1), SimTime::from_millis(1_709_168_400_000));
    }

    #[test]
    fn a_parameter_names_one_image() {
        let names: Vec<_> = REGIONAL.iter().flat_map(|release| release.parameters).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for name in names {
            let image = Image::named("eu-west-1", &format!("{PUBLIC}{name}")).unwrap();
            assert_eq!(Image::get("eu-west-1", &image.id), Some(image.clone()));
            assert_ne!(Image::named("eu-west-2", &format!("{PUBLIC}{name}")).unwrap().id, image.id);
        }
        assert_eq!(Image::named("eu-west-1", "ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"), None);
    }
}
