using Guardian.Attestation.Identity;
using Guardian.Refusals;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Inputs;

/// <summary>Reads key files.</summary>
internal static class KeyFile
{
    /// <summary>Reads the key by which a person is known.</summary>
    /// <exception cref="Refusals.RefusedException">The file is missing or unreadable.</exception>
    public static IdentityKey Load(string path) => InputFile.Use(path, () => IdentityKey.Load(path));

    /// <summary>Reads the key of a volume.</summary>
    /// <exception cref="Refusals.RefusedException">The file is missing or unreadable.</exception>
    public static VolumeKey LoadVolumeKey(string path) => InputFile.Use(path, () => VolumeKey.Load(path));
}
