//! Tests of `demo`, and of the command without arguments.

use crate::shell::Shell;

#[test]
fn the_demonstration_is_for_people() {
    let shell = Shell::new();
    for arguments in [&[][..], &["demo"]] {
        let said = shell.run(arguments);
        assert_eq!(said.status, Some(0), "{}", said.err);
        assert!(said.out.contains("203.0.113.9") && said.out.contains("What next"), "{}", said.out);
        assert!(said.out.contains("2001:db8:44::99"), "{}", said.out);
        for analytic in ["AN0454", "AN1269", "AN1276", "AN1521", "FLS"] {
            let told = format!("[{analytic}, ");
            let also = format!(", {analytic}, ");
            assert!(said.out.contains(&told) || said.out.contains(&also), "{analytic}: {}", said.out);
        }
        // There is no alert for alice, who mistyped twice, nor for the forged login of root.
        assert!(!said.out.contains("192.0.2.44") && !said.out.contains("198.51.100.23"), "{}", said.out);
        assert!(!said.out.contains('\x1b'));
    }
}
