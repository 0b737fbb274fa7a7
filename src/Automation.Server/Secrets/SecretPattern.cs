using System.Buffers;
using System.Text;

namespace Automation.Server.Secrets;

/// <summary>Finds one form of a secret in a text, each of its characters written as itself or in any spelling of <see cref="SpelledCharacter"/>, <c>+</c> for a space included.</summary>
/// <remarks>
/// A text is read in several ways at once: <c>%41</c> is three characters, or one. The search of Knuth, Morris and Pratt goes along all of them; it keeps up to
/// <see cref="MostStates"/> beginnings at each place, more than there are but for a form made of escapes, and so takes time in proportion to the text.
/// </remarks>
internal sealed class SecretPattern
{
    private const int MostStates = 16;
    private const int Window = 16; // a power of two that is longer than any spelling
    private const int MostUnits = 4; // of a character: UTF-8 bytes, or two of UTF-16

    private readonly bool isBytes;
    private readonly SearchValues<char> beginnings;
    private readonly int[] shorter;

    /// <param name="form">What to find.</param>
    /// <param name="isBytes">The texts to be searched are bytes, each as the character of its number.</param>
    public SecretPattern(string form, bool isBytes)
    {
        Form = isBytes ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(form)) : form;
        this.isBytes = isBytes;
        beginnings = SearchValues.Create(Form[0] == ' ' ? " +\\%&" : Form[0] + "\\%&");
        shorter = Shorter(Form);
    }

    public string Form { get; }

    /// <summary>Longest text that can stand for the form.</summary>
    public int LongestSpelling => Form.Length * SpelledCharacter.Longest;

    /// <summary>True when the form has that character, so that one that is spelled so may be part of it.</summary>
    public bool Has(Rune character)
    {
        Span<char> units = stackalloc char[MostUnits];
        return Form.AsSpan().IndexOf(units[..Units(character, units)]) >= 0;
    }

    /// <summary>Adds where the form stands in the text, from its first character to behind its last, without overlaps.</summary>
    /// <param name="text">What to search.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="cut">The text was cut off at its end: then a beginning of the form there counts too.</param>
    /// <param name="found">Takes the places.</param>
    public void Find(ReadOnlySpan<char> text, int from, bool cut, List<(int Start, int End)> found)
    {
        var states = new States(stackalloc int[Window * MostStates], stackalloc int[Window]);
        Span<char> units = stackalloc char[MostUnits];
        for (var at = from; at < text.Length;)
        {
            if (states.IsEmpty)
            {
                var next = text[at..].IndexOfAny(beginnings);
                if (next < 0) return;
                at += next;
            }

            var end = -1;
            if (SpelledCharacter.TryRead(text[at..], out var character, out var length))
            {
                // First, so that the whole spelling of the last character is masked and not only its first.
                if (Advance(ref states, at, at + length, units[..Units(character, units)])) end = at + length;
            }
            else if (cut && SpelledCharacter.CanBegin(text[at]) && text.Length - at < SpelledCharacter.Longest)
            {
                AddBeginning(states.At(at), text, at, from, found);
            }

            if (end < 0 && text[at] == '+' && Advance(ref states, at, at + 1, " ")) end = at + 1;
            if (end < 0 && Advance(ref states, at, at + 1, text.Slice(at, 1))) end = at + 1;
            if (end < 0)
            {
                states.Clear(at++);
                continue;
            }

            found.Add((StartOf(text, Form.Length, end, from), end));
            states.ClearAll();
            at = from = end;
        }

        if (cut) AddBeginning(states.At(text.Length), text, text.Length, from, found);
    }

    private void AddBeginning(ReadOnlySpan<int> states, ReadOnlySpan<char> text, int at, int from, List<(int Start, int End)> found)
    {
        foreach (var state in states)
        {
            if (state >= SecretForms.ShortestValue) found.Add((StartOf(text, state, at, from), text.Length));
        }
    }

    /// <summary>Takes every beginning of the form that ends at <paramref name="at"/> over the next units; true when the form is complete.</summary>
    private bool Advance(ref States states, int at, int to, ReadOnlySpan<char> units)
    {
        foreach (var state in states.At(at))
        {
            if (AdvanceOne(ref states, state, to, units)) return true;
        }

        return AdvanceOne(ref states, 0, to, units);
    }

    private bool AdvanceOne(ref States states, int state, int to, ReadOnlySpan<char> units)
    {
        foreach (var unit in units)
        {
            while (state >= 0 && Form[state] != unit) state = shorter[state];
            if (++state == Form.Length) return true;
        }

        if (state > 0) states.Add(to, state);
        return false;
    }

    /// <summary>Where the first <paramref name="length"/> units of the form begin that end at <paramref name="end"/>; the earliest, when it can be read in several ways.</summary>
    private int StartOf(ReadOnlySpan<char> text, int length, int end, int floor)
    {
        Span<char> units = stackalloc char[MostUnits];
        var places = new List<int>[MostUnits + 1]; // those from which the rest of the form leads to the end, by units before them, modulo
        for (var i = 0; i < places.Length; i++) places[i] = [];
        places[length % places.Length].Add(end);
        var earliest = end;
        for (var left = length; left > 0; left--)
        {
            var here = places[left % places.Length];
            foreach (var place in here)
            {
                earliest = Math.Min(earliest, place);
                if (place > floor && (text[place - 1] == Form[left - 1] || (text[place - 1] == '+' && Form[left - 1] == ' '))) Add(place - 1, left - 1);
                for (var from = place - 2; from >= Math.Max(floor, place - SpelledCharacter.Longest); from--)
                {
                    if (!SpelledCharacter.TryRead(text[from..], out var character, out var spelled) || from + spelled != place) continue;
                    var count = Units(character, units);
                    if (count <= left && Form.AsSpan(left - count, count).SequenceEqual(units[..count])) Add(from, left - count);
                }
            }

            here.Clear();
        }

        return places[0].Count > 0 ? places[0].Min() : earliest;

        void Add(int place, int before)
        {
            var list = places[before % places.Length];
            if (list.Count < MostStates && !list.Contains(place)) list.Add(place);
        }
    }

    private int Units(Rune character, Span<char> units)
    {
        if (!isBytes) return character.EncodeToUtf16(units);
        Span<byte> bytes = stackalloc byte[MostUnits];
        var count = character.EncodeToUtf8(bytes);
        for (var i = 0; i < count; i++) units[i] = (char)bytes[i];
        return count;
    }

    /// <summary>For each length of a beginning: the next shorter one that can go on where it cannot; -1 for none.</summary>
    private static int[] Shorter(string form)
    {
        var shorter = new int[form.Length];
        shorter[0] = -1;
        var length = 0;
        for (var at = 1; at < form.Length; at++)
        {
            shorter[at] = form[at] == form[length] ? shorter[length] : length;
            while (length >= 0 && form[at] != form[length]) length = shorter[length];
            length++;
        }

        return shorter;
    }

    /// <summary>Lengths of the form's beginnings that end at each of the next places.</summary>
    private ref struct States(Span<int> lengths, Span<int> counts)
    {
        private readonly Span<int> lengths = lengths;
        private readonly Span<int> counts = counts;
        private int total;

        public readonly bool IsEmpty => total == 0;

        public readonly ReadOnlySpan<int> At(int place) => lengths.Slice(place % Window * MostStates, counts[place % Window]);

        public void Add(int place, int length)
        {
            var there = At(place);
            if (there.Contains(length)) return;
            if (there.Length == MostStates)
            {
                // Full: a longer one takes the place of the shortest.
                var slots = lengths.Slice(place % Window * MostStates, MostStates);
                var shortest = 0;
                for (var i = 1; i < MostStates; i++) shortest = slots[i] < slots[shortest] ? i : shortest;
                if (slots[shortest] < length) slots[shortest] = length;
                return;
            }

            lengths[(place % Window * MostStates) + counts[place % Window]++] = length;
            total++;
        }

        public void Clear(int place)
        {
            total -= counts[place % Window];
            counts[place % Window] = 0;
        }

        public void ClearAll()
        {
            counts.Clear();
            total = 0;
        }
    }
}
