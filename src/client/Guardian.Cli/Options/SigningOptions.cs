using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Options;

/// <summary>The signer's key, and the file that collects signatures.</summary>
/// <param name="keyDescription">What the key is for.</param>
internal sealed class SigningOptions(string keyDescription)
{
    private readonly Option<string> key = CasOptions.CreateKey(keyDescription);
    private readonly Option<string?> output = new("--output")
    {
        Description = "File to which the signature is added. Without it, the signature is printed.",
        HelpName = "FILE",
    };

    /// <summary>All symbols, for the command that reads them.</summary>
    public IReadOnlyList<Symbol> All => [key, output];

    /// <summary>Signs a document, and adds the signature to the file that the user named.</summary>
    /// <param name="hash">The document's hash, 64 lower-case hex digits.</param>
    /// <param name="check">Throws if the document is not for this public key; null for none.</param>
    /// <returns>The signature, and whether it is in a file; otherwise the command prints it.</returns>
    public (SessionSignature Signature, bool IsInFile) Sign(
        ParseResult arguments, string hash, SignatureSubject subject, Action<string>? check = null)
    {
        using var identity = KeyFile.Load(arguments.GetRequiredValue(key));
        check?.Invoke(identity.PublicKey);
        var signature = SessionSignature.Create(hash, identity, subject);
        var path = arguments.GetValue(output);
        if (path is not null)
        {
            OutputFile.Append(path, $"{signature}\n");
        }
        return (signature, path is not null);
    }
}
