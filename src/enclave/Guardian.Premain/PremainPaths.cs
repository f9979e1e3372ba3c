namespace Guardian.Premain;

/// <summary>Paths inside the enclave that <c>guardian native pack</c> mounts.</summary>
internal static class PremainPaths
{
    /// <summary>A folder of the host, which is not trusted.</summary>
    public const string State = "/.guardian/state";

    /// <summary>The folder with the manifest, from which a simulated machine measures the enclave.</summary>
    public const string Enclave = "/.guardian/enclave";

    /// <summary>The keys of encrypted mounts, by Gramine.</summary>
    public const string Keys = "/dev/attestation/keys";

    /// <summary>The second place of a volume.</summary>
    public static string SpareOf(string volume) => $"/.guardian/spare/{volume}";

    /// <summary>The name of the key of a volume's second place.</summary>
    public static string SpareKeyOf(string volume) => $"{volume}-spare";
}
