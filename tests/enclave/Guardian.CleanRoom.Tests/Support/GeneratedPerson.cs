using System.Globalization;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>
/// An invented person with a name as common as real ones are, and the errors of people who type: letters wrong, missing, added and swapped,
/// names and parts of dates swapped, removals, new surnames, empty cells. They differ from those of FEBRL.
/// </summary>
internal sealed record GeneratedPerson(string First, string Last, DateOnly Birth, string Postcode, int Number, bool IsSwapped = false)
{
    private static readonly string[] Firsts =
    [
        "Anna", "Maria", "Peter", "Michael", "Thomas", "Sabine", "Julia", "Stefan", "Andreas", "Claudia", "Lena", "Lukas", "Finn", "Emma",
        "Jürgen", "Günther", "Björn", "Søren", "François", "Zoë", "Katharina", "Alexander", "Sebastian", "Christina", "Matthias", "Ursula",
        "Hannah", "Leonie", "Maximilian", "Friedrich", "Dorothea", "Ludwig", "Mehmet", "Ayşe", "Giulia", "Marek", "Agnieszka", "Ivana",
    ];

    private static readonly string[] Lasts =
    [
        "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann", "Schäfer", "Koch", "Bauer",
        "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Schwarz", "Zimmermann", "Braun", "Krüger", "Hofmann", "Hartmann", "Lange",
        "Werner", "Krause", "Lehmann", "Köhler", "Maier", "Yılmaz", "Nowak", "Kowalski", "Rossi", "Petrović", "O'Connor", "von der Heide",
        "Großmann", "Weiß", "Vogel", "Stein", "Jäger", "Otto", "Sommer", "Haas", "Graf", "Schreiber", "Dietrich", "Ziegler", "Kuhn",
    ];

    /// <summary>The row of a file.</summary>
    public string Line => string.Create(
        CultureInfo.InvariantCulture,
        $"{First},{Last},{(IsSwapped ? $"{Birth:yyyy}-{Birth:dd}-{Birth:MM}" : $"{Birth:yyyy-MM-dd}")},{Postcode},{Number}\n");

    /// <summary>Draws a person. The first names and surnames of the lists are the more frequent ones.</summary>
    public static GeneratedPerson Draw(Random random, int number)
    {
        string Pick(string[] list) => list[(int)(list.Length * Math.Pow(random.NextDouble(), 1.7))];
        var birth = new DateOnly(1940, 1, 1).AddDays(random.Next(365 * 65));
        return new GeneratedPerson(Pick(Firsts), Pick(Lasts), birth, $"{10_000 + (7 * random.Next(900))}", number);
    }

    /// <summary>Copies the person with errors.</summary>
    public GeneratedPerson Damage(Random random)
    {
        var person = this;
        bool Happens(int percent) => random.Next(100) < percent;
        person = Happens(15) ? person with { First = Mistype(random, person.First) } : person;
        person = Happens(15) ? person with { Last = Mistype(random, person.Last) } : person;
        person = Happens(5) ? person with { First = person.Last, Last = person.First } : person;
        person = Happens(5) ? person with { IsSwapped = true } : person;
        person = Happens(4) ? person with { Birth = person.Birth.AddDays(random.Next(2) == 0 ? 1 : 365) } : person;
        person = Happens(12) ? person with { Postcode = $"{10_000 + (7 * random.Next(900))}" } : person;
        person = Happens(4) ? person with { Last = Lasts[random.Next(Lasts.Length)] } : person;
        person = Happens(3) ? person with { Postcode = "" } : person;
        return Happens(2) ? person with { First = "" } : person;
    }

    private static string Mistype(Random random, string name)
    {
        var at = random.Next(name.Length);
        var letter = (char)('a' + random.Next(26));
        return random.Next(4) switch
        {
            0 => name[..at] + name[(at + 1)..],
            1 => name[..at] + letter + name[at..],
            2 => name[..at] + letter + name[(at + 1)..],
            _ => at + 1 < name.Length ? name[..at] + name[at + 1] + name[at] + name[(at + 2)..] : name + name[^1],
        };
    }
}
