using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Sessions;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>The object of Kubernetes that carries a signed session.</summary>
/// <param name="Name">The object's name.</param>
/// <param name="Namespace">Its namespace; null for the one that kubectl chooses.</param>
/// <param name="Session">The session.</param>
/// <param name="Submission">The author's signature.</param>
/// <param name="Signatures">Signatures of others.</param>
internal sealed record SessionManifest(
    string Name, string? Namespace, SessionDocument Session, SessionSignature Submission, IReadOnlyList<SessionSignature> Signatures)
{
    private const int MaxNameSize = 253;

    /// <summary>Makes the name of an object from that of a session: <c>Team/shop</c> gives <c>team-shop</c>.</summary>
    public static string NameOf(string session)
    {
        var name = string.Concat(session.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');
        return name.Length > 0 ? name : "session";
    }

    /// <summary>Whether Kubernetes takes the text as an object's name (RFC 1123).</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= MaxNameSize
        && text.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '.')
        && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);

    /// <summary>Writes YAML. A reader gets exactly the bytes of the session, which the signature is about.</summary>
    public string Write()
    {
        var text = new StringBuilder("apiVersion: guardian.org/v1alpha1\nkind: Session\nmetadata:\n");
        text.Append("  name: ").Append(YamlTexts.Quote(Name)).Append('\n');
        if (Namespace is not null)
        {
            text.Append("  namespace: ").Append(YamlTexts.Quote(Namespace)).Append('\n');
        }
        text.Append("spec:\n  submission: ").Append(YamlTexts.Quote(Submission.ToString())).Append('\n');
        if (Signatures.Count > 0)
        {
            text.Append("  signatures:\n");
        }
        foreach (var signature in Signatures)
        {
            text.Append("  - ").Append(YamlTexts.Quote(signature.ToString())).Append('\n');
        }
        return text.Append("  text: ").Append(YamlTexts.TryWriteBlock(Session.Text, 4) ?? YamlTexts.Quote(Session.Text)).Append('\n')
            .ToString();
    }
}
