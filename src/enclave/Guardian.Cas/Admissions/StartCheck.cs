using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Admissions;

/// <summary>Checks what a starting enclave says about its program and its replica.</summary>
internal static class StartCheck
{
    /// <summary>
    /// The program that the enclave runs. The enclave has verified it, and the session admits only enclaves that do; null when the
    /// measurement covers the program, and when the enclave's program is none of several.
    /// </summary>
    public static string? FindProgram(SessionService service, string? found) =>
        service.Programs.Count == 1 ? service.Programs[0] : service.Programs.FirstOrDefault(program => program == found);

    /// <summary>Lists the rules that the start breaks.</summary>
    public static IEnumerable<string> FindFaults(SessionService service, ConfigurationRequest request)
    {
        if (service.Programs.Count > 1 && FindProgram(service, request.Program) is null)
        {
            yield return $"program: found {request.Program ?? "none"}; accepted {string.Join(" or ", service.Programs)}";
        }
        if (request.Replica is { } replica ? replica < 0 || !ReplicaName.Has(service, replica) : service.Replicas is not null)
        {
            var accepted = service.Replicas is { } count
                ? string.Create(CultureInfo.InvariantCulture, $"0 to {count - 1}")
                : "none: the service has no 'replicas'";
            var found = request.Replica?.ToString(CultureInfo.InvariantCulture) ?? "none (guardian run --replica NUMBER)";
            yield return $"replica: found {found}; accepted {accepted}";
        }
    }
}
