use crate::framer::tests::{frame, frame_with};
use crate::{Flaw, Format, Oversized};

const NS: &str = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'";

#[test]
fn each_event_is_a_line() {
    let text = format!(
        "<?xml version=\"1.0\"?>\r\n<!-- <Event> -->\n<Events>\r\n<Event {NS}>\r\n  <System>\r\n    <EventID>4625</EventID>\r\n  </System>\r\n\
         \t<Data\nName='TargetUserName'>bob\r\nroot > x</Data><![CDATA[</Event>\n]]><Event/><Event>y</Event>\r\n</Event>\r\n\
         <Event {NS}><a b=\"</\"/><a b='>'/></Event></Events>\r\n"
    );
    let framed = frame(&text);
    assert_eq!(framed.format, Some(Format::Xml));
    assert_eq!(
        framed.records[0],
        format!(
            "<Event {NS}><System>    <EventID>4625</EventID>  </System>\t<Data Name='TargetUserName'>bob&#10;root > x</Data>\
             <![CDATA[</Event> ]]><Event/><Event>y</Event></Event>"
        )
        .replace("><System>    <", ">  <System>    <")
    );
    assert_eq!(framed.records.len(), 2);
}

#[test]
fn what_is_cut_off_costs_itself_only() {
    let text = format!(
        "<Event {NS}><a>1</a></Event>\n<Event {NS}><a>2<b\n<Event {NS}><a>3</a></Event>\n<Event {NS}>"
    );
    let framed = frame(&text);
    assert_eq!(framed.records.len(), 2);
    assert_eq!(framed.problems, [(Flaw::Broken, 2), (Flaw::Truncated, 4)]);
    assert_eq!(frame("<?xml version='1.0'?><other/>").problems, [(Flaw::Stray, 1)]);
    assert_eq!(frame("<38>1 2026-03-04T08:00:00Z host sshd 1 - - x\n").format, Some(Format::Lines));
}

#[test]
fn long_events_are_skipped() {
    let text = format!("<Events>\n<Event><a>{}</a></Event><Event><b/></Event>", "x".repeat(100));
    let framed = frame_with(None, text.as_bytes(), 60);
    assert_eq!(framed.records, ["<Event><b/></Event>"]);
    assert_eq!(framed.oversized, [Oversized { line: 2, length: 122 }]);
}

#[test]
fn as_internet_explorer_copies_them() {
    let text = format!(
        "- <Event {NS}>\n- <System>\n  <EventID>4625</EventID>\n  </System>\n  </Event>\n- <Event {NS}>\n  </Event>\n"
    );
    let framed = frame(&text);
    assert_eq!((framed.format, framed.records.len()), (Some(Format::Xml), 2));
    assert_eq!(frame("- a list\n- another\n").format, Some(Format::Lines));
}
