using Guardian.Attestation.Identity;
using Guardian.Refusals;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Inputs;

/// <summary>Reads keys from files, or opens those of tokens.</summary>
internal static class KeyFile
{
    /// <summary>Opens the key by which a person is known.</summary>
    /// <param name="key">A file, or a URI of PKCS#11.</param>
    /// <exception cref="Refusals.RefusedException">The file is missing or unreadable, or the token gives no such key.</exception>
    public static IdentityKey Load(string key) => TokenKey.IsUri(key)
        ? TokenKey.Open(key)
        : InputFile.Use(key, () => IdentityKey.Load(key, () => Passphrase.Get(key)));

    /// <summary>Reads the key of a volume.</summary>
    /// <exception cref="Refusals.RefusedException">The file is missing or unreadable.</exception>
    public static VolumeKey LoadVolumeKey(string path) => InputFile.Use(path, () => VolumeKey.Load(path));
}
