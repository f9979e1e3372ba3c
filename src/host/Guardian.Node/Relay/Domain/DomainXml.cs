using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Guardian.Node.Relay.Domain;

/// <summary>Reading and writing of libvirt's domain XML (docs/formatdomain.html) as far as Guardian needs it.</summary>
internal static class DomainXml
{
    // REMOTE_STRING_MAX: no daemon reads a longer definition.
    private const int MaxCharacters = 4_194_304;

    // As deep as libxml2 reads; libvirt's own formats end far above.
    private const int MaxDepth = 256;

    // Powers that libvirt's virScaleInteger knows, lower case. A lone letter and 'iB' count by 1024, 'B' by 1000.
    private const string Prefixes = "kmgtpe";

    /// <summary>Reads a definition; null when it is no well-formed XML that libvirt would read. Never throws for any content.</summary>
    public static XDocument? TryRead(string xml, out string? problem)
    {
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxCharacters };
            // Fewer elements cannot be nested deeper, so most definitions are read once only.
            if (xml.AsSpan().Count('<') - xml.AsSpan().Count("</") > MaxDepth && IsDeep(xml, settings))
            {
                problem = $"elements are nested more than {MaxDepth} deep";
                return null;
            }
            using var reader = XmlReader.Create(new StringReader(xml), settings);
            problem = null;
            return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException failure)
        {
            problem = failure.Message;
            return null;
        }
    }

    private static bool IsDeep(string xml, XmlReaderSettings settings)
    {
        using var reader = XmlReader.Create(new StringReader(xml), settings);
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Writes a definition so that every character of its values survives being read again.</summary>
    public static string Write(XDocument document)
    {
        var text = new StringBuilder();
        using (var writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, NewLineHandling = NewLineHandling.Entitize }))
        {
            document.Save(writer);
        }
        return text.ToString();
    }

    /// <summary>A size in KiB, rounded up as libvirt does; false when it is none, or absurdly large.</summary>
    /// <param name="value">A whole number.</param>
    /// <param name="unit">As in the attribute <c>unit</c>; KiB where there is none.</param>
    public static bool TryReadKibibytes([NotNullWhen(true)] string? value, string? unit, out long kibibytes)
    {
        kibibytes = 0;
        if (!ulong.TryParse(value?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !TryReadUnit(unit ?? "KiB", out var scale))
        {
            return false;
        }
        // A host has no exbibyte; below that, nothing that is added up here overflows.
        var bytes = (UInt128)number * scale;
        if (bytes > 1UL << 60)
        {
            return false;
        }
        kibibytes = (long)((bytes + 1023) / 1024);
        return true;
    }

    /// <summary>The size an element holds, as <see cref="TryReadKibibytes(string?, string?, out long)"/>.</summary>
    public static bool TryReadKibibytes(XElement? element, out long kibibytes) =>
        TryReadKibibytes(element?.Value, (string?)element?.Attribute("unit"), out kibibytes);

    private static bool TryReadUnit(string unit, out ulong scale)
    {
        scale = 1;
        var text = unit.ToLowerInvariant();
        if (text is "" or "b" or "byte" or "bytes")
        {
            return true;
        }
        var power = Prefixes.IndexOf(text[0], StringComparison.Ordinal) + 1;
        ulong root = text[1..] switch { "" or "ib" => 1024, "b" => 1000, _ => 0 };
        for (var i = 0; i < power; i++)
        {
            scale *= root;
        }
        return power > 0 && root > 0;
    }
}
