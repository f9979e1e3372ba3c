using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>The options of commands that write the result of an appraisal as a token.</summary>
internal sealed class EarOptions
{
    private readonly Option<string?> ear = new("--ear")
    {
        Description = "Write the result as a signed token (EAR, JWT) for others to rely on; needs --key.",
        HelpName = "FILE",
    };
    private readonly Option<string?> nonce = new("--ear-nonce")
    {
        Description = "The relying party's nonce, 8 to 88 characters, which the token repeats.",
        HelpName = "NONCE",
    };
    private readonly Option<string?> key = new("--key") { Description = "The key that signs the token.", HelpName = "FILE" };

    /// <summary>All of them, in the order of the help text.</summary>
    public IEnumerable<Option> All => [ear, nonce, key];

    /// <summary>Refuses options without effect, and an output that exists, before any work.</summary>
    public void Check(ParseResult arguments)
    {
        if (arguments.GetValue(ear) is null && (arguments.GetValue(nonce) ?? arguments.GetValue(key)) is not null)
        {
            throw CliReasons.Usage.Refuse("--key and --ear-nonce are for a token", "add --ear FILE");
        }
        if (arguments.GetValue(nonce) is { } text && !TokenContext.IsNonce(text))
        {
            throw CliReasons.Usage.Refuse("a nonce has 8 to 88 printable characters of ASCII, without blanks");
        }
        OutputFile.RequireNew(arguments.GetValue(ear));
    }

    /// <summary>Opens the key; null if the user wants no token.</summary>
    public IdentityKey? OpenKey(ParseResult arguments) => arguments.GetValue(ear) is null
        ? null
        : KeyFile.Load(arguments.GetValue(key) ?? throw CliReasons.NoKey.Refuse("a token needs a key"));

    /// <summary>Writes a token.</summary>
    /// <param name="keySha256">The key that the evidence names; null if it names none.</param>
    /// <param name="sign">Makes the token.</param>
    public void Write(ParseResult arguments, string? keySha256, Func<TokenContext, string> sign) => OutputFile.Write(
        arguments.GetRequiredValue(ear)!, sign(new TokenContext { Nonce = arguments.GetValue(nonce), KeySha256 = keySha256 }));
}
