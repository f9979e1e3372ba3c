using System.Text.Json;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests;

/// <summary>Diagnoses of several identifiers of one file.</summary>
public sealed class WaterfallDiagnosisTests : IDisposable
{
    private const string Header = "email,phone,first_name,last_name,birth_date,zip\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Each_identifier_has_its_rows_its_persons_and_its_most_frequent_value()
    {
        var report = Read(Header
            + "a@x.org,+49301000001,Anna,Arm,1985-01-01,10115\n"
            + "A@X.org ,+49301000002,Bert,Bach,1985-01-02,10115\n"
            + "noreply@x.org,+49301000003,Carl,Cato,1985-01-03,10115\n"
            + ",030,Dora,Daum,1985-01-04,10115\n"
            + ",,,,,\n"
            + ",,Emil,,1985-01-05,10115\n");
        Assert.Equal((6, 4), (report.Rows, report.Identified));
        Assert.Equal(
            [("email", 3, 2, 1, 2, 2), ("phone", 4, 3, 3, 1, 1), ("composite", 4, 4, 4, 1, 1)],
            report.Identifiers.Select(each => (
                each.Kind, each.Present ?? -1, each.Usable ?? -1, each.Persons ?? -1, each.Reached ?? -1, each.MostFrequent ?? -1)));
        Assert.Equal(["first_name", "last_name", "birth_date", "zip"], report.Identifiers[2].Columns);
    }

    [Fact]
    public void A_shared_number_is_a_hint_and_a_report_for_a_partner_hides_small_counts()
    {
        var csv = Header + string.Concat(Enumerable.Range(0, 100).Select(
            i => $"{(i < 90 ? $"u{i}@x.org" : "")},{(i < 40 ? "+49301234567" : $"+4930765{1000 + i}")},,,,\n"));
        var report = Read(csv, isForPartner: true);
        Assert.Contains(report.Hints, hint => hint.StartsWith("phone: one identifier stands in 40 rows", StringComparison.Ordinal));
        var (mails, phones) = (report.Identifiers[0], report.Identifiers[1]);
        Assert.Equal((90, 90, 90, null), (mails.Present, mails.Usable, mails.Reached, mails.MostFrequent));
        Assert.Equal((100, 61, null, 40), (phones.Present, phones.Persons, phones.Reached, phones.MostFrequent));
        Assert.Equal(10, Read(csv).Identifiers[1].Reached);
        Assert.DoesNotContain("1234567", JsonSerializer.Serialize(report), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_identifiers_or_without_a_column_is_refused()
    {
        var path = folder.Write("c.csv", "colour\nred\n");
        Assert.Throws<RefusedException>(() => WaterfallDiagnosis.FindIdentifiers(path));
        var diagnosis = new WaterfallDiagnosis([new Identifier(IdentifierKind.Email, IdentifierProfile.Plain, "email")]);
        var refusal = Assert.Throws<RefusedException>(() => diagnosis.Read(path, TestContext.Current.CancellationToken)).Refusal;
        Assert.Contains("no column 'email'", refusal.Detail, StringComparison.Ordinal);
    }

    private WaterfallReport Read(string csv, bool isForPartner = false)
    {
        var path = folder.Write("persons.csv", csv);
        return new WaterfallDiagnosis(WaterfallDiagnosis.FindIdentifiers(path), isForPartner)
            .Read(path, TestContext.Current.CancellationToken);
    }
}
