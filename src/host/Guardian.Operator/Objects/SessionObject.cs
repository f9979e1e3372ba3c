using System.Text.Json;
using Guardian.Kubernetes;

namespace Guardian.Operator.Objects;

/// <summary>
/// The custom resource <c>Session</c>: a session as its author signed it. Everybody who may write objects wrote it, so nothing of it is
/// trusted, and the CAS decides about it.
/// </summary>
/// <param name="Namespace">The object's namespace.</param>
/// <param name="Name">The object's name, which need not be the session's.</param>
/// <param name="Generation">The number of the object's specification.</param>
/// <param name="Text">The session, exactly as it was signed; null when it is missing.</param>
/// <param name="Submission">The author's signature; null when it is missing.</param>
/// <param name="Signatures">The signatures of others.</param>
internal sealed record SessionObject(
    string Namespace, string Name, long Generation, string? Text, string? Submission, IReadOnlyList<string> Signatures)
{
    /// <summary>The group of Guardian's resources.</summary>
    public const string Group = "guardian.org";

    /// <summary>The version of the resource.</summary>
    public const string Version = "v1alpha1";

    /// <summary>The resource's name in paths.</summary>
    public const string Plural = "sessions";

    // The CAS takes as many.
    private const int MaxSignatures = 64;

    /// <summary>The status that the object has; null for none.</summary>
    public (SessionStatus Status, string? Since)? Status { get; private init; }

    /// <summary>The collection of all namespaces.</summary>
    public static string Collection => $"apis/{Group}/{Version}/{Plural}";

    /// <summary>The version of the object.</summary>
    public ObjectVersion Id => new(new ObjectKey(Namespace, Name), Generation);

    /// <summary>Reads an object. Never throws for any content.</summary>
    /// <returns>The object; null when it has no name, and so is none.</returns>
    public static SessionObject? Read(JsonElement? item)
    {
        var (metadata, spec) = (item.Member("metadata"), item.Member("spec"));
        return metadata.Text("namespace") is { Length: > 0 } space && metadata.Text("name") is { Length: > 0 } name
            ? new SessionObject(
                space, name, metadata.Number("generation") ?? 0, spec.Text("text"), spec.Text("submission"),
                [.. spec.Items("signatures").Take(MaxSignatures + 1).Select(each => ((JsonElement?)each).AsText() ?? "")])
            {
                Status = SessionStatus.Read(item.Member("status")),
            }
            : null;
    }
}

/// <summary>The name of an object.</summary>
internal readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>The path of the object.</summary>
    public string Path => $"apis/{SessionObject.Group}/{SessionObject.Version}/namespaces/{Uri.EscapeDataString(Namespace)}/"
        + $"{SessionObject.Plural}/{Uri.EscapeDataString(Name)}";
}

/// <summary>An object, and the number of its specification.</summary>
internal sealed record ObjectVersion(ObjectKey Key, long Generation);
