using System.Text.Json.Serialization;

namespace Guardian.Cas.Doctor;

/// <summary>The result of one check of a store.</summary>
internal enum CheckResult
{
    /// <summary>It is as a CAS left it.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>It was damaged, or does not fit the rest.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>It could not be checked here.</summary>
    [JsonStringEnumMemberName("not-checked")]
    NotChecked,
}

/// <summary>One check of a store.</summary>
/// <param name="Name">A stable word.</param>
/// <param name="Result">The result.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="Advice">What to do; null when there is nothing to do.</param>
internal sealed record DoctorCheck(string Name, CheckResult Result, string Detail, string? Advice = null);

/// <summary>The state of a store, as far as it can be seen without its running CAS.</summary>
/// <param name="Event"><c>doctor</c>.</param>
/// <param name="Healthy">Whether no check failed.</param>
/// <param name="Identity">The identity of the CAS; null when the log does not verify.</param>
/// <param name="Entries">The entries of the log that verify.</param>
/// <param name="Checks">The checks in the order in which they were made.</param>
internal sealed record DoctorReport(string Event, bool Healthy, string? Identity, long Entries, IReadOnlyList<DoctorCheck> Checks);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
