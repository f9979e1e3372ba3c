using System.Security.Cryptography;
using System.Text.Json;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests;

/// <summary>Diagnoses of files; see tests/vectors/persons/ATTRIBUTION.md.</summary>
public sealed class IdentifierDiagnosisTests : IDisposable
{
    private static readonly Identifier Email = new(IdentifierKind.Email, IdentifierProfile.Plain, "email");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_diagnosis_explains_a_file_and_shows_no_identifier()
    {
        var report = new IdentifierDiagnosis(Email, isForPartner: true)
            .Read(Repository.File("tests", "vectors", "persons", "fake_1000_emails.csv"));
        Assert.Equal((1_000, 211), (report.Rows, report.Figures.Single(figure => figure.Name == "empty").Rows));
        Assert.Equal(28, report.Figures.Single(figure => figure.Name == "not an identifier of its kind").Rows);
        Assert.Null(report.Figures.Single(figure => figure.Name == "with several @").Rows);
        Assert.Null(report.MostFrequent);
        Assert.Equal(0.761, report.Usable, 3);
        Assert.Contains(report.Hints, hint => hint.Contains("no identifier", StringComparison.Ordinal));
        Assert.True(report.Profiles["google"] <= report.Profiles["meta"]);
        var json = JsonSerializer.Serialize(report).Replace("without @", "", StringComparison.Ordinal);
        Assert.DoesNotContain("@", json.Replace("with several @", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void The_owner_sees_every_count_and_the_most_frequent_identifier()
    {
        var mails = Enumerable.Range(0, 60).Select(i => i < 25 ? "sales@x.org" : i < 28 ? "noreply@x.org" : $"u{i}@x.org");
        var report = new IdentifierDiagnosis(Email).Read(folder.Write("mails.csv", $"email\n{string.Join('\n', mails)}\n"));
        Assert.Equal(
            (25, 3),
            (report.MostFrequent, report.Figures.Single(figure => figure.Name.StartsWith("nobody's", StringComparison.Ordinal)).Rows));
        Assert.Contains(report.Hints, hint => hint.Contains("25 rows", StringComparison.Ordinal));
    }

    [Fact]
    public void Hashes_are_recognised()
    {
        var hashes = Enumerable.Range(0, 50).Select(i => Convert.ToHexStringLower(SHA256.HashData([(byte)i])));
        var report = new IdentifierDiagnosis(Email).Read(folder.Write("hashes.csv", $"email\n{string.Join('\n', hashes)}\n"));
        Assert.Contains(report.Hints, hint => hint.Contains("sha256", StringComparison.Ordinal));
    }

    [Fact]
    public void Phone_numbers_are_counted_by_country_code()
    {
        var numbers = Enumerable.Range(0, 60).Select(i => $"{(i % 2 == 0 ? "+44 20 7946 0" : "030 9018 2")}{100 + i}");
        var identifier = new Identifier(IdentifierKind.Phone, IdentifierProfile.Google, "phone", Region: "DE");
        var report = new IdentifierDiagnosis(identifier).Read(folder.Write("phones.csv", $"phone\n{string.Join('\n', numbers)}\n"));
        int? Count(string name) => report.Figures.Single(figure => figure.Name == name).Rows;
        Assert.Equal((30, 30), (Count("country code +44"), Count("country code +49")));
    }

    [Fact]
    public void A_file_without_the_column_or_not_in_utf8_is_refused()
    {
        var path = folder.Write("mail.csv", "mail,other\nx@x.org,1\n");
        Assert.Contains(
            "has no column 'email'; it has mail, other",
            Assert.Throws<RefusedException>(() => new IdentifierDiagnosis(Email).Read(path)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. "email\nm"u8, 0xFC, .. "ller@x.org\n"u8]);
        Assert.Contains(
            "is not UTF-8", Assert.Throws<RefusedException>(() => new IdentifierDiagnosis(Email).Read(path)).Message,
            StringComparison.Ordinal);
    }
}
