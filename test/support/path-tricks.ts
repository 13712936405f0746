// Paths that mean what is below /admin, or a last segment `keys`, to one server or another, and those that are like them.
export const PATH_TRICKS: readonly string[] = [
  "/admin", "/admin/", "/admin/x", "/admin?x", "/admin/?x", "/ADMIN", "/Admin/x", "/adm%69n", "/%61dmin", "/%61%64%6d%69%6e", "/adm%49n", "/admin%2fx", "/admin%2Fx%2Fy", "/x/keys", "/x/keys/", "/x/KEYS", "/x%2fkeys", "/a%2Fb%2Fkeys", "/keys",
  "/x/../admin", "/./admin", "/x/%2e%2e/admin", "/x/.%2e/admin", "/x/%2E./admin", "/x%2f..%2fadmin", "/x%2f%2e%2e%2fadmin", "/%2e/admin", "/..%2fadmin", "/x/..", "/..", "/.",
  "//admin", "/x//admin", "/admin//x", "///", "/%2fadmin", "/%2f%2fadmin", "/x%2f%2fadmin", "/%5cadmin", "/\\admin", "/x\\..\\admin", "/x%5c..%5cadmin",
  "/%61dmin%00", "/admin%00.png", "/x%00/../admin", "/admin%0a", "/admin%0d%0ax", "/admin%09", "/admin%20", "/%20admin", "/admin.", "/admin./x", "/admin%2e",
  "/%2561dmin", "/%25%36%31dmin", "/adm%2569n", "/x/%252e%252e/admin", "/x/..%252fadmin", "/x%252f..%252fadmin", "/%", "/%a", "/%zz", "/admin%", "/%u0061dmin", "/adm%u0069n",
  "/admin;", "/admin;x=1", "/admin;/x", "/x/..;/admin", "/;/admin", "/x;/../admin", "/admin%3bx", "/admin%3Fx", "/admin%23x",
  "/%c1%a1dmin", "/adm%c0%a9n", "/x/%c0%ae%c0%ae/admin", "/x%c0%afadmin", "/%e0%80%afadmin", "/\xff\xfeadmin", "/admin\x80", "/x%ff", "/%ef%bb%bfadmin",
  "/%ef%bd%81%ef%bd%84%ef%bd%8d%ef%bd%89%ef%bd%8e", "/%ef%bc%a1dmin", "/%e2%93%90dmin", "/adm%e2%85%b0n", "/x/%ef%bc%8e%ef%bc%8e/admin", "/x%ef%bc%8fadmin", "/admin%e2%80%8b", "/%e2%80%8badmin", "/ad%c2%admin", "/admin%c2%a0", "/x/%e2%80%a5/admin", "/%e2%80%ae/admin", "/x/%E2%84%AAEYS", "/x/key%C5%BF",
];
