using System.Globalization;

namespace Guardian.Attestation.Snp;

/// <summary>The security versions of a platform with SEV-SNP (AMD 56860, TCB_VERSION): one number for each part of the firmware.</summary>
/// <param name="Bootloader">The boot loader of AMD's secure processor.</param>
/// <param name="Tee">Its operating system.</param>
/// <param name="Snp">The SNP firmware.</param>
/// <param name="Microcode">The microcode of the cores.</param>
/// <param name="Fmc">The mutable boot code of Turin and later; null before.</param>
public readonly record struct SnpTcb(byte Bootloader, byte Tee, byte Snp, byte Microcode, byte? Fmc = null)
{
    /// <summary>Whether every version is at least the one of <paramref name="minimum"/>.</summary>
    /// <param name="minimum">The minimum. A minimum of <see cref="Fmc"/> is not reached by a platform that has none.</param>
    public bool Reaches(SnpTcb minimum) =>
        Bootloader >= minimum.Bootloader && Tee >= minimum.Tee && Snp >= minimum.Snp && Microcode >= minimum.Microcode
        && (minimum.Fmc is not { } fmc || Fmc >= fmc);

    /// <summary>Describes the versions to people.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        (Fmc is { } fmc ? string.Create(CultureInfo.InvariantCulture, $"fmc {fmc}, ") : "")
        + string.Create(CultureInfo.InvariantCulture, $"bootloader {Bootloader}, tee {Tee}, snp {Snp}, microcode {Microcode}");

    /// <summary>Reads the 8 bytes of a report. Turin moved the numbers; every byte that has no meaning must be zero.</summary>
    internal static SnpTcb? TryRead(ReadOnlySpan<byte> bytes, bool isTurin)
    {
        // Milan, Genoa: bootloader | tee | 4 reserved | snp | microcode
        // Turin:        fmc | bootloader | tee | snp | 3 reserved | microcode
        var reserved = isTurin ? bytes[4..7] : bytes[2..6];
        if (reserved.ContainsAnyExcept((byte)0))
        {
            return null;
        }
        return isTurin
            ? new SnpTcb(bytes[1], bytes[2], bytes[3], bytes[7], bytes[0])
            : new SnpTcb(bytes[0], bytes[1], bytes[6], bytes[7]);
    }
}
