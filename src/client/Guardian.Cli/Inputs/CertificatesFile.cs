using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads the certificates of authorities that the user trusts.</summary>
internal static class CertificatesFile
{
    /// <summary>Reads certificates in PEM.</summary>
    /// <exception cref="RefusedException">The file is missing, or has none.</exception>
    public static X509Certificate2Collection Read(string path)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(InputFile.ReadText(path));
        }
        catch (CryptographicException)
        {
            // Refused below, as a file without certificates.
        }
        return found.Count > 0 ? found : throw CliReasons.NoCertificates.Refuse($"{path} has no certificate in PEM");
    }
}
