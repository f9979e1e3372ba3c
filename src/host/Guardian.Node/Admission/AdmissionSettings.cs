using Guardian.Node.Words;

namespace Guardian.Node.Admission;

/// <summary>The settings of the admission webhook, which are words of its command line.</summary>
/// <param name="Certificate">A PEM file with the certificate of the service, which the API server compares with its name.</param>
/// <param name="Key">A PEM file with the certificate's key.</param>
/// <param name="RuntimeClass">The RuntimeClass of the pods that it completes.</param>
/// <param name="Port">The port on all addresses.</param>
internal sealed record AdmissionSettings(string Certificate, string Key, string RuntimeClass, int Port)
{
    /// <summary>The usage of the role.</summary>
    public const string Usage = "guardian-node admission --certificate FILE --key FILE [--runtime-class NAME] [--port N]";

    private const string DefaultClass = "guardian";
    private const int DefaultPort = 8443;

    /// <summary>Reads the words.</summary>
    /// <param name="words">The words after <c>admission</c>.</param>
    /// <param name="problem">The mistake; null when there is none.</param>
    /// <returns>The settings; null when there is a mistake.</returns>
    public static AdmissionSettings? Read(IReadOnlyList<string> words, out string? problem)
    {
        if (RoleWords.TryRead(words, ["--certificate", "--key", "--runtime-class", "--port"], out problem) is not { } values)
        {
            return null;
        }
        var port = values.TryGetValue("--port", out var text) ? RoleWords.TryReadNumber(text, ushort.MaxValue) : DefaultPort;
        problem = !values.ContainsKey("--certificate") || !values.ContainsKey("--key") ? "--certificate and --key each need a file"
            : port is null ? "--port is a number from 1 to 65535"
            : null;
        return problem is not null ? null : new AdmissionSettings(
            values["--certificate"], values["--key"], values.GetValueOrDefault("--runtime-class", DefaultClass), port!.Value);
    }
}
